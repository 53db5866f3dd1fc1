// Every block of Block Kit as nodes. Block and action ids are data attributes.

import { el, icon, uniqueId } from "./dom.js";
import { card, container, plan, remoteFile, task, video } from "./cards.js";
import { element } from "./elements.js";
import { t, translated } from "./language.js";
import { image } from "./media.js";
import { textNodes, words } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";

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
  data_table: dataTable,
  markdown: (block) => markdown(block.text),
  video,
  alert: (block) =>
    el(
      "div",
      { class: `level-${block.level ?? "default"}`, role: "note" },
      icon(["warning", "error"].includes(block.level) ? "alert" : block.level === "success" ? "check" : "info"),
      el("div", { class: "text" }, textNodes(block.text)),
    ),
  file: remoteFile,
  container: (block, surface) => container(block, (inside) => blocks(inside, surface)),
  card: (block, surface) =>
    card(block, (elements) => elements.map((one) => element(one, place(block, nameFrom(one)), surface))),
  carousel: (block, surface) =>
    el(
      "div",
      { tabindex: "0", role: "group", "aria-label": t("Cards") },
      block.elements.map((one) => draw({ ...one, type: "card" }, surface)),
    ),
  task_card: task,
  plan,
};

function unknown(block) {
  return el(
    "details",
    {},
    el("summary", {}, t("A {type} block (not drawn here)", { type: block.type })),
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
      block.optional && el("span", { class: "optional" }, t(" (optional)")),
    ),
    element(block.element, at, surface),
    error && el("div", { class: "error", id: trouble, role: "alert" }, icon("alert"), translated(error)),
    block.hint && el("div", { class: "hint", id: hint }, textNodes(block.hint)),
  );
}
