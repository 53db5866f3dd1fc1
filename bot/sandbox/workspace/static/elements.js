// Every element of Block Kit that a person can use. `at` says where it stands:
// {blockId, input, dispatch, attributes} with the attributes that name it for screen readers.

import { el, icon, iconButton, uniqueId } from "./dom.js";
import { me } from "./directory.js";
import { link, textNodes, words } from "./mrkdwn.js";
import { fileInput } from "./files.js";
import { t } from "./language.js";
import { menuButton } from "./popup.js";
import { richTextInput } from "./richinput.js";
import { select } from "./selects.js";
import { dateAndTime, picker } from "./pickers.js";
import { image } from "./media.js";

export function element(given, at, surface) {
  const draw = ELEMENTS[given.type] ?? (/_select$/.test(given.type) ? select : unknown);
  const node = draw(
    given,
    { ...at, attributes: { ...at.attributes, ...(given.focus_on_load ? { autofocus: true } : {}) } },
    surface,
  );
  if (given.action_id) node.dataset.actionId = given.action_id;
  return node;
}

const ELEMENTS = {
  button,
  overflow,
  image,
  workflow_button: button,
  icon_button: pictured,
  feedback_buttons: feedback,
  radio_buttons: (given, at, surface) => choices(given, at, surface, "radio"),
  checkboxes: (given, at, surface) => choices(given, at, surface, "checkbox"),
  plain_text_input: plainText,
  email_text_input: (given, at, surface) => textField(given, at, surface, { type: "email", autocomplete: "off" }),
  url_text_input: (given, at, surface) => textField(given, at, surface, { type: "url", autocomplete: "off" }),
  number_input: (given, at, surface) =>
    textField(given, at, surface, {
      inputmode: given.is_decimal_allowed ? "decimal" : "numeric",
      autocomplete: "off",
      class: "field number",
    }),
  datepicker: (given, at, surface) => picker(given, at, surface, "date", "initial_date"),
  timepicker: (given, at, surface) => picker(given, at, surface, "time", "initial_time"),
  datetimepicker: dateAndTime,
  rich_text_input: richTextInput,
  file_input: fileInput,
};

function unknown(given) {
  return el("span", { class: "unknown" }, t("{type} is not drawn here", { type: given.type }));
}

function button(given, at, surface) {
  const style = given.style ? `button-${given.style}` : "";
  const name = given.accessibility_label || null;
  const press = () => surface.press(at, given, given.value, node);
  const content = textNodes(given.text);
  const node = given.url
    ? el(
        "a",
        {
          class: `button ${style}`,
          href: link(given.url).href ?? null,
          target: "_blank",
          rel: "noopener noreferrer",
          role: "button",
          "aria-label": name,
          onclick: press,
        },
        content,
      )
    : el(
        "button",
        {
          type: "button",
          class: `button ${style}`,
          "aria-label": name,
          onclick: () => node.hasAttribute("aria-busy") || press(),
        },
        content,
      );
  return node;
}

/** A button that shows only a picture, for those whom the app wants to see it. */
function pictured(given, at, surface) {
  const seen = given.visible_to_user_ids;
  const name = given.accessibility_label ?? words(given.text);
  const press = () => node.hasAttribute("aria-busy") || surface.press(at, given, given.value, node);
  const node = iconButton(given.icon === "trash" ? "trash" : "more", name, press);
  node.hidden = Boolean(seen?.length) && !seen.includes(me()?.id);
  return node;
}

function feedback(given, at, surface) {
  return el(
    "span",
    { class: "feedback" },
    ["positive_button", "negative_button"].map((name) => {
      const one = given[name];
      const node = el(
        "button",
        {
          type: "button",
          class: "icon-button thumb",
          "aria-label": one.accessibility_label ?? words(one.text),
          "aria-pressed": String(surface.recall(at, given).kept === one.value),
          title: words(one.text),
          dataset: { value: one.value },
          onclick: (event) => {
            for (const thumb of event.currentTarget.parentNode.children)
              thumb.setAttribute("aria-pressed", String(thumb === node));
            surface.remember(at, given, one.value);
            surface.press(at, given, one.value);
          },
        },
        icon(name === "positive_button" ? "thumbup" : "thumbdown"),
      );
      return node;
    }),
  );
}

function overflow(given, at, surface) {
  const trigger = el(
    "button",
    { type: "button", class: "button overflow", "aria-label": t("More actions"), title: t("More actions") },
    icon("more"),
  );
  const items = () =>
    given.options.map((option) => ({
      label: el("span", {}, textNodes(option.text)),
      hint: option.description && words(option.description),
      dataset: { value: option.value },
      choose: () => {
        if (option.url) window.open(option.url, "_blank", "noopener");
        surface.press(at, given, option.value, trigger);
      },
    }));
  return el("span", { class: "anchor" }, menuButton(trigger, items, t("More actions")));
}

function choices(given, at, surface, type) {
  const { kept, state } = surface.recall(at, given);
  const many = type === "checkbox";
  const initial = state !== undefined ? state : many ? given.initial_options : given.initial_option;
  const picked = new Set(kept ?? [initial ?? []].flat().map(({ value }) => value));
  const plain = () => (many ? [...picked] : ([...picked][0] ?? null));
  surface.holds(at, kept, plain());
  const group = uniqueId("choice");
  const changed = (event, option) => {
    if (!many) picked.clear();
    if (event.target.checked) picked.add(option.value);
    else picked.delete(option.value);
    surface.change(at, given, [...picked], plain());
  };
  return el(
    "div",
    { class: "choices", role: many ? "group" : "radiogroup", ...at.attributes, autofocus: null },
    given.options.map((option) =>
      el(
        "label",
        { class: "choice" },
        el("input", {
          type,
          name: group,
          value: option.value,
          checked: picked.has(option.value),
          onchange: (event) => changed(event, option),
        }),
        el(
          "span",
          {},
          el("span", { class: "text" }, textNodes(option.text)),
          option.description && el("small", { class: "text" }, textNodes(option.description)),
        ),
      ),
    ),
  );
}

function plainText(given, at, surface) {
  if (!given.multiline) return textField(given, at, surface, { type: "text", autocomplete: "off" });
  return textField(given, at, surface, { rows: 3 }, "textarea");
}

/** One line or several of text; with a dispatch configuration it speaks at Enter or at each character. */
function textField(given, at, surface, attributes, tag = "input") {
  const { kept, state } = surface.recall(at, given);
  const triggers = given.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const initial = kept ?? (state !== undefined ? state : given.initial_value) ?? "";
  const keep = (silent) => surface.change(at, given, field.value, field.value, { silent });
  const counter = given.max_length && el("span", { class: "counter", "aria-hidden": "true" });
  const count = () =>
    counter &&
    (counter.textContent =
      field.value.length > given.max_length * 0.8 ? `${given.max_length - field.value.length}` : "");
  const field = el(tag, {
    class: "field",
    placeholder: words(given.placeholder) || null,
    ...attributes,
    ...at.attributes,
    value: String(initial),
    oninput: () => {
      count();
      keep(!triggers.includes("on_character_entered"));
    },
    onkeydown: (event) => {
      const enter = event.key === "Enter" && !event.shiftKey && !event.isComposing;
      if (!enter || (tag === "textarea" && !at.dispatch)) return;
      if (at.dispatch && triggers.includes("on_enter_pressed")) {
        event.preventDefault();
        keep(false);
      }
    },
  });
  surface.holds(at, kept, String(initial));
  count();
  return el("div", { class: "text-field" }, field, counter);
}
