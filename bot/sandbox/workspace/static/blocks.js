// Every block of Block Kit as nodes. Block and action ids are data attributes.

import { el, icon, uniqueId } from "./dom.js";
import { element } from "./elements.js";
import { image } from "./media.js";
import { link, textNodes, words } from "./mrkdwn.js";
import { markdown, richText, table } from "./richtext.js";

export const blocks = (list, surface) => (list ?? []).map((block) => draw(block, surface));

function draw(block, surface) {
  const node = (BLOCKS[block.type] ?? unknown)(block, surface);
  node.classList.add("block", `block-${block.type}`);
  if (block.block_id) node.dataset.blockId = block.block_id;
  return node;
}

const BLOCKS = {
  section,
  header: (block) => el("h3", {}, textNodes(block.text)),
  divider: () => el("hr"),
  context: (block) =>
    el(
      "div",
      {},
      block.elements.map((one) =>
        one.type === "image" ? image(one, "picture-small") : el("span", { class: "text" }, textNodes(one)),
      ),
    ),
  actions: group,
  context_actions: group,
  image: picture,
  input,
  rich_text: richText,
  table,
  markdown: (block) => markdown(block.text),
  video,
  alert: (block) =>
    el(
      "div",
      { class: `level-${block.level ?? "default"}`, role: "note" },
      icon(["warning", "error"].includes(block.level) ? "alert" : block.level === "success" ? "check" : "info"),
      el("div", { class: "text" }, textNodes(block.text)),
    ),
  file: (block) => el("div", {}, icon("file"), block.external_id),
  card,
  carousel: (block, surface) =>
    el(
      "div",
      { tabindex: "0", role: "group", "aria-label": "Cards" },
      block.elements.map((one) => draw(one, surface)),
    ),
  task_card: task,
  plan: (block, surface) =>
    el(
      "div",
      {},
      el("h3", {}, textOrWords(block.title)),
      (block.tasks ?? []).map((one) => draw({ ...one, type: "task_card" }, surface)),
    ),
};

function unknown(block) {
  return el(
    "details",
    {},
    el("summary", {}, `A ${block.type} block (not drawn here)`),
    el("pre", { class: "code-block" }, JSON.stringify(block, null, 2)),
  );
}

const place = (block, named = {}) => ({ blockId: block.block_id, input: false, dispatch: false, attributes: named });

/** A name for selects and inputs outside an input block: they have no label but their placeholder. */
const nameFrom = (one, text) => ({
  "aria-label": words(one.placeholder) || (text ? words(text) : null) || one.type.replaceAll("_", " "),
});

function section(block, surface) {
  const accessory =
    block.accessory && element(block.accessory, place(block, nameFrom(block.accessory, block.text)), surface);
  return el(
    "div",
    { class: block.accessory?.type === "image" ? "with-picture" : null },
    el(
      "div",
      { class: "section-body" },
      block.text && el("div", { class: "text" }, textNodes(block.text)),
      block.fields &&
        el(
          "div",
          { class: "fields" },
          block.fields.map((field) => el("div", { class: "text" }, textNodes(field))),
        ),
    ),
    accessory && el("div", { class: "accessory" }, accessory),
  );
}

function group(block, surface) {
  return el(
    "div",
    {},
    block.elements.map((one) => element(one, place(block, nameFrom(one)), surface)),
  );
}

function picture(block) {
  return el("figure", {}, block.title && el("figcaption", {}, textNodes(block.title)), image(block));
}

const GROUPS = new Set(["radio_buttons", "checkboxes"]);

/** An input block: label, element, hint, and the error of the last submission right at the field. */
function input(block, surface) {
  const [label, hint, trouble] = ["label", "hint", "error"].map(uniqueId);
  const error = surface.errors[block.block_id];
  const attributes = {
    "aria-labelledby": label,
    "aria-describedby": [error && trouble, block.hint && hint].filter(Boolean).join(" ") || null,
    "aria-invalid": error ? "true" : null,
    "aria-required": block.optional || GROUPS.has(block.element.type) ? null : "true",
  };
  const at = { blockId: block.block_id, input: true, dispatch: Boolean(block.dispatch_action), attributes };
  return el(
    "div",
    { class: error ? "has-error" : null },
    el(
      "div",
      { class: "label", id: label },
      textNodes(block.label),
      block.optional && el("span", { class: "optional" }, " (optional)"),
    ),
    element(block.element, at, surface),
    error && el("div", { class: "error", id: trouble, role: "alert" }, icon("alert"), error),
    block.hint && el("div", { class: "hint", id: hint }, textNodes(block.hint)),
  );
}

function video(block) {
  const title = words(block.title) || block.alt_text;
  return el(
    "div",
    {},
    icon("play"),
    el(
      "div",
      {},
      el("strong", {}, link(block.title_url ?? block.video_url, title)),
      block.description && el("div", { class: "text" }, textNodes(block.description)),
      block.provider_name && el("small", {}, block.provider_name),
    ),
  );
}

const textOrWords = (text) => (typeof text === "string" ? text : textNodes(text));

function card(block, surface) {
  return el(
    "div",
    {},
    block.hero_image && image(block.hero_image),
    block.title && el("strong", {}, textOrWords(block.title)),
    block.subtitle && el("small", {}, textOrWords(block.subtitle)),
    block.body && el("div", { class: "text" }, textOrWords(block.body)),
    block.actions &&
      el(
        "div",
        { class: "block-actions" },
        block.actions.map((one) => element(one, place(block), surface)),
      ),
  );
}

function task(block) {
  return el(
    "div",
    {},
    icon(block.status === "complete" ? "check" : "info"),
    el(
      "div",
      {},
      el("strong", {}, textOrWords(block.title ?? "")),
      block.details && richText(block.details),
      block.output && richText(block.output),
    ),
  );
}
