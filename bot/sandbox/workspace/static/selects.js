// Selects of all kinds, one choice or many, each a combobox over another source.

import { Combobox, localSource } from "./combobox.js";
import { avatar, directory, nameOf, channelName } from "./directory.js";
import { textNodes, words } from "./mrkdwn.js";
import { el } from "./dom.js";
import { t, translated } from "./language.js";

const TYPING_PAUSE_MS = 250;
const MOST_OPTIONS = 100;

const ofOption = (option) => ({
  value: option.value,
  name: words(option.text),
  label: el("span", {}, textNodes(option.text)),
  description: option.description ? words(option.description) : undefined,
});
const ofPerson = (user) => ({
  value: user,
  name: nameOf(user),
  description: directory.people.find(({ id }) => id === user)?.title,
  avatar: avatar(user, "small"),
});
const ofChannel = (id) => ({
  value: id,
  name: `${directory.channels.find((one) => one.id === id)?.type === "im" ? "" : "#"}${channelName(id)}`,
});

const people = () => directory.people.map(({ id }) => ofPerson(id));
const channels = (types) =>
  directory.channels.filter(({ type }) => types.includes(type)).map(({ id }) => ofChannel(id));

const groupsOf = (given) =>
  given.option_groups
    ? given.option_groups.map((group) => ({ label: words(group.label), options: group.options.map(ofOption) }))
    : [{ options: (given.options ?? []).map(ofOption) }];

/** For each kind: its source and how a value of its state becomes an option. */
const KINDS = {
  static: {
    source: (element) => localSource(groupsOf(element)),
    read: ofOption,
    initial: ["initial_option", "initial_options"],
  },
  external: { source: external, read: ofOption, initial: ["initial_option", "initial_options"] },
  users: {
    source: () => localSource([{ options: people() }]),
    read: ofPerson,
    initial: ["initial_user", "initial_users"],
  },
  channels: {
    source: () => localSource([{ options: channels(["channel"]) }]),
    read: ofChannel,
    initial: ["initial_channel", "initial_channels"],
  },
  conversations: { source: conversations, read: ofChannel, initial: ["initial_conversation", "initial_conversations"] },
};

function conversations(element) {
  const wanted = { public: "channel", private: "private", im: "im" };
  const types = (element.filter?.include ?? Object.keys(wanted)).map((name) => wanted[name]);
  return localSource([{ options: channels(types) }]);
}

/** The app is asked for options once `min_query_length` characters (Slack's default: 3) are typed. */
function external(element, at, surface) {
  const least = element.min_query_length ?? 3;
  return (query) => {
    const shorter = least === 1 ? t("Type at least 1 character") : t("Type at least {n} characters", { n: least });
    if (query.length < least) return { note: shorter };
    return surface.options(at, element, query).then((answer) => {
      if (answer.error) return { note: translated(answer.error) };
      const groups = groupsOf(answer);
      const count = groups.reduce((sum, { options }) => sum + options.length, 0);
      if (!count) return { note: t("No match") };
      const more = t("The first {n}; keep typing to narrow down", { n: count });
      return { groups, note: count >= MOST_OPTIONS ? more : null };
    });
  };
}

export function select(element, at, surface) {
  const multiple = element.type.startsWith("multi_");
  const kind = KINDS[/^(?:multi_)?(\w+)_select$/.exec(element.type)[1]];
  const plain = (options) => (multiple ? options.map(({ value }) => value) : (options[0]?.value ?? null));
  const combobox = new Combobox({
    source: kind.source(element, at, surface),
    chosen: chosen(element, at, surface, kind, multiple),
    multiple,
    max: element.max_selected_items,
    placeholder: words(element.placeholder) || (element.type.includes("external") ? t("Type to search") : t("Choose")),
    delay: element.type.includes("external") ? TYPING_PAUSE_MS : 0,
    clearable: at.input,
    attributes: at.attributes,
    onchange: (options) => surface.change(at, element, options, plain(options)),
  });
  surface.holds(at, surface.recall(at, element).kept, plain(combobox.chosen));
  return combobox.node;
}

/** Slack's client fills in the conversation from which the modal was opened, where the app asks for that. */
const current = (element) => (element.default_to_current_conversation ? directory.here : null);

function chosen(element, at, surface, kind, multiple) {
  const { kept, state } = surface.recall(at, element);
  if (kept) return kept;
  const value = state !== undefined ? state : element[kind.initial[multiple ? 1 : 0]];
  const values = [value ?? []].flat();
  if (!values.length && current(element)) values.push(current(element));
  return values.map(kind.read);
}
