// A simple rich text input: bold, italic, strike, code and lists; its value is a rich_text block.

import { el } from "./dom.js";
import { t } from "./language.js";
import { richText } from "./richtext.js";
import { words } from "./mrkdwn.js";

const TOOLS = [
  ["bold", "B", "Bold"],
  ["italic", "I", "Italic"],
  ["strikeThrough", "S", "Strikethrough"],
  ["insertUnorderedList", "•", "Bulleted list"],
  ["insertOrderedList", "1.", "Numbered list"],
];

export function richTextInput(given, at, surface) {
  const { kept, state } = surface.recall(at, given);
  const value = kept ?? (state !== undefined ? state : given.initial_value);
  surface.holds(at, kept, value ?? null);
  const keep = () => surface.change(at, given, read(editor), read(editor), { silent: true });
  const editor = el(
    "div",
    {
      class: "field rich-editor",
      contenteditable: "true",
      role: "textbox",
      "aria-multiline": "true",
      "data-placeholder": words(given.placeholder),
      ...at.attributes,
      oninput: keep,
      onpaste: plainPaste,
    },
    value ? [...richText(value).childNodes] : [],
  );
  const tool = ([command, sign, name]) =>
    el(
      "button",
      {
        type: "button",
        class: `icon-button tool-${command}`,
        "aria-label": t(name),
        title: t(name),
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => {
          editor.focus();
          document.execCommand(command);
          keep();
        },
      },
      sign,
    );
  return el(
    "div",
    { class: "rich-input" },
    el("div", { class: "tools", role: "toolbar", "aria-label": t("Formatting") }, TOOLS.map(tool)),
    editor,
  );
}

function plainPaste(event) {
  event.preventDefault();
  document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
}

/** The rich_text block that the editor's nodes stand for; null when it is empty. */
function read(editor) {
  if (!editor.textContent.trim()) return null;
  const elements = [];
  for (const node of editor.childNodes) {
    if (node.nodeName === "UL" || node.nodeName === "OL")
      elements.push({
        type: "rich_text_list",
        style: node.nodeName === "OL" ? "ordered" : "bullet",
        elements: [...node.children].map(section),
      });
    else if (elements.at(-1)?.open && !isBlock(node)) elements.at(-1).elements.push(...leaves(node, {}));
    else elements.push({ ...section(node), open: !isBlock(node) });
  }
  return { type: "rich_text", elements: elements.map(({ open, ...rest }) => rest) };
}

const isBlock = (node) => ["DIV", "P", "UL", "OL"].includes(node.nodeName);
const section = (node) => ({ type: "rich_text_section", elements: leaves(node, {}) });
const STYLES = { B: "bold", STRONG: "bold", I: "italic", EM: "italic", S: "strike", STRIKE: "strike", CODE: "code" };

function leaves(node, style) {
  if (node.nodeType === Node.TEXT_NODE)
    return node.data ? [{ type: "text", text: node.data, ...(Object.keys(style).length ? { style } : {}) }] : [];
  if (node.nodeName === "BR") return [{ type: "text", text: "\n" }];
  const inner = STYLES[node.nodeName] ? { ...style, [STYLES[node.nodeName]]: true } : style;
  return [...node.childNodes].flatMap((child) => leaves(child, inner));
}
