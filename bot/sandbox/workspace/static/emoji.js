// The shortcodes that apps use most. An unknown one is shown as it was written, like Slack does for a missing emoji.

const TABLE = `
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 100 💯 1234 🔢 abacus 🧮 airplane ✈️ alarm_clock ⏰ ambulance 🚑 anger 💢 apple 🍎 arrow_down ⬇️
arrow_left ⬅️ arrow_right ➡️ arrow_up ⬆️ arrow_upper_right ↗️ arrow_lower_right ↘️ arrows_counterclockwise 🔄 art 🎨 astonished 😲
bank 🏦 bar_chart 📊 bell 🔔 no_bell 🔕 beer 🍺 beers 🍻 bike 🚲 birthday 🎂 black_small_square ▪️ blush 😊 bomb 💣 book 📖 bookmark 🔖 books 📚 boom 💥
briefcase 💼 bug 🐛 building_construction 🏗️ bulb 💡 bust_in_silhouette 👤 busts_in_silhouette 👥 cake 🍰 calendar 📆 spiral_calendar_pad 🗓️ date 📅
camera 📷 car 🚗 card_file_box 🗃️ card_index 📇 card_index_dividers 🗂️ chart_with_downwards_trend 📉 chart_with_upwards_trend 📈 checkered_flag 🏁
clap 👏 classical_building 🏛️ clipboard 📋 clock1 🕐 clock3 🕒 clock9 🕘 cloud ☁️ coffee ☕ coin 🪙 computer 💻 confetti_ball 🎊 construction 🚧 cop 👮
credit_card 💳 crown 👑 cry 😢 currency_exchange 💱 dart 🎯 dash 💨 department_store 🏬 desktop_computer 🖥️ dizzy 💫 dollar 💵 door 🚪 e-mail 📧 email 📧
envelope ✉️ envelope_with_arrow 📩 euro 💶 exclamation ❗ heavy_exclamation_mark ❗ eyes 👀 face_with_monocle 🧐 facepalm 🤦 factory 🏭 fast_forward ⏩ file_cabinet 🗄️
file_folder 📁 fire 🔥 flag-de 🇩🇪 flag-at 🇦🇹 flag-ch 🇨🇭 flag-eu 🇪🇺 flag-fr 🇫🇷 flag-gb 🇬🇧 flag-us 🇺🇸 us 🇺🇸 de 🇩🇪 gb 🇬🇧 floppy_disk 💾 four_leaf_clover 🍀 gear ⚙️ gem 💎 ghost 👻 gift 🎁
globe_with_meridians 🌐 earth_africa 🌍 grey_question ❔ grin 😁 grinning 😀 hammer_and_wrench 🛠️ hammer 🔨 handshake 🤝 heart ❤️ heavy_check_mark ✔️ heavy_multiplication_x ✖️
heavy_plus_sign ➕ heavy_minus_sign ➖ heavy_dollar_sign 💲 hourglass ⌛ hourglass_flowing_sand ⏳ house 🏠 hugging_face 🤗 hugs 🤗 inbox_tray 📥 information_source ℹ️ iphone 📱
joy 😂 key 🔑 label 🏷️ large_blue_circle 🔵 large_green_circle 🟢 large_orange_circle 🟠 large_purple_circle 🟣 large_yellow_circle 🟡 red_circle 🔴 white_circle ⚪ black_circle ⚫
large_green_square 🟩 large_red_square 🟥 large_yellow_square 🟨 large_blue_square 🟦 laughing 😆 ledger 📒 left_right_arrow ↔️ link 🔗 lock 🔒 closed_lock_with_key 🔐 unlock 🔓 loud_sound 🔊 loudspeaker 📢 mag 🔍 mag_right 🔎
mailbox 📫 mailbox_with_mail 📬 mega 📣 memo 📝 pencil 📝 pencil2 ✏️ mending_heart ❤️‍🩹 money_mouth_face 🤑 money_with_wings 💸 moneybag 💰 mortar_board 🎓 muscle 💪 musical_note 🎵 mute 🔇 negative_squared_cross_mark ❎ neutral_face 😐 new 🆕 newspaper 📰
no_entry ⛔ no_entry_sign 🚫 notebook 📓 nut_and_bolt 🔩 octagonal_sign 🛑 office 🏢 ok 🆗 ok_hand 👌 open_file_folder 📂 outbox_tray 📤 package 📦 page_facing_up 📄 page_with_curl 📃
palm_tree 🌴 paperclip 📎 paperclips 🖇️ parrot 🦜 partly_sunny ⛅ partying_face 🥳 pause_button ⏸️ double_vertical_bar ⏸️ arrow_forward ▶️ black_square_for_stop ⏹️ pen 🖊️ lower_left_ballpoint_pen 🖊️ pensive 😔 phone ☎️ point_down 👇 point_left 👈 point_right 👉 point_up ☝️ postbox 📮 pound 💷 pray 🙏 printer 🖨️ purse 👛 pushpin 📌 round_pushpin 📍 question ❓
rainbow 🌈 raised_hands 🙌 raising_hand 🙋 receipt 🧾 recycle ♻️ relieved 😌 repeat 🔁 robot_face 🤖 rocket 🚀 rotating_light 🚨 safety_pin 🧷 sad 😞 scales ⚖️ scissors ✂️ scream 😱 scroll 📜 seedling 🌱 shield 🛡️ shopping_trolley 🛒 shopping_cart 🛒 slightly_smiling_face 🙂 slightly_frowning_face 🙁 smile 😄 smiley 😃 sob 😭 sos 🆘 sparkles ✨ speech_balloon 💬 spock-hand 🖖 star ⭐ star2 🌟 stopwatch ⏱️ straight_ruler 📏 sunglasses 😎 sunny ☀️ sweat_smile 😅
tada 🎉 telephone_receiver 📞 thinking_face 🤔 thought_balloon 💭 ticket 🎫 admission_tickets 🎟️ timer_clock ⏲️ toolbox 🧰 trophy 🏆 truck 🚚 turtle 🐢 twisted_rightwards_arrows 🔀 umbrella ☔ vertical_traffic_light 🚦 v ✌️ warning ⚠️ wastebasket 🗑️ watch ⌚ wave 👋 white_check_mark ✅ ballot_box_with_check ☑️ white_square_button 🔳 wink 😉 world_map 🗺️ wrench 🔧 writing_hand ✍️ x ❌ yen 💴 zap ⚡ zzz 💤
`;

const words = TABLE.trim().split(/\s+/);
const EMOJI = new Map();
for (let at = 0; at < words.length; at += 2) EMOJI.set(words[at], words[at + 1]);

/** The character for a shortcode without colons (skin tones are ignored), or undefined. */
export const emoji = (name) => EMOJI.get(name.replace(/::skin-tone-\d$/, ""));
