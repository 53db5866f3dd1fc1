// Rich text and standard Markdown: blocks that carry longer texts.

import { el } from "./dom.js";
import { directory, channelName } from "./directory.js";
import { t } from "./language.js";
import { formatted, link, mention, shortcode } from "./mrkdwn.js";
import { table } from "./tables.js";

export function richText(block) {
  return el("div", { class: "rich-text" }, (block.elements ?? []).map(richElement));
}

function richElement(part) {
  const children = () => (part.elements ?? []).map(richInline);
  switch (part.type) {
    case "rich_text_list":
      return richList(part);
    case "rich_text_preformatted":
      return el("pre", { class: "code-block" }, el("code", {}, children()));
    case "rich_text_quote":
      return el("blockquote", {}, children());
    default:
      return el("p", {}, children());
  }
}

function richList(part) {
  const list = el(
    part.style === "ordered" ? "ol" : "ul",
    { start: part.offset ? part.offset + 1 : null, class: `level-${(part.indent ?? 0) % 3}` },
    (part.elements ?? []).map((item) => el("li", {}, (item.elements ?? []).map(richInline))),
  );
  list.style.setProperty("margin-inline-start", `${(part.indent ?? 0) * 1.6}em`);
  return list;
}

function richInline(part) {
  return styled(richLeaf(part), part.style ?? {});
}

function richLeaf(part) {
  switch (part.type) {
    case "link":
      return link(part.url, part.text || part.url);
    case "user":
      return mention(part.user_id);
    case "usergroup":
      return el("span", { class: "mention" }, `@${t("a group")}`);
    case "channel":
      return el("span", { class: "mention" }, `#${channelName(part.channel_id)}`);
    case "broadcast":
      return el("span", { class: "mention" }, `@${part.range}`);
    case "emoji":
      return shortcode(part.name);
    case "team":
      return directory.team.name ?? part.team_id;
    case "color":
      return color(part.value);
    case "date":
      return date(part);
    default:
      return part.text ?? "";
  }
}

function color(value) {
  const swatch = el("span", { class: "swatch" });
  swatch.style.setProperty("background", `#${value.replace("#", "")}`);
  return el("span", {}, swatch, el("code", {}, value));
}

function date({ timestamp, format, url, fallback }) {
  const instant = new Date(timestamp * 1000);
  const text = format?.replace(/\{(\w+)\}/g, (whole, token) => formatted(instant, token) ?? whole) ?? fallback ?? "";
  return url ? link(url, text) : el("time", { datetime: instant.toISOString(), title: fallback }, text);
}

const WRAPPERS = {
  code: "code",
  bold: "strong",
  italic: "em",
  strike: "s",
  underline: "u",
  highlight: "mark",
  client_highlight: "mark",
};

function styled(node, style) {
  return Object.entries(WRAPPERS).reduce((inner, [name, tag]) => (style[name] ? el(tag, {}, inner) : inner), node);
}

/** The markdown block: headings, lists, quotes, code, tables and inline styles of standard Markdown. */
export function markdown(text) {
  const nodes = [];
  const lines = text.split("\n");
  while (lines.length) nodes.push(markdownBlock(lines));
  return el("div", { class: "rich-text" }, nodes);
}

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+/;

/** Take the lines of the next block off the front and turn them into a node. */
function markdownBlock(lines) {
  const first = lines[0];
  if (/^```/.test(first)) return fenced(lines);
  const heading = /^(#{1,6})\s+(.*)/.exec(first);
  if (heading) return lines.shift() && el(`h${Math.min(heading[1].length + 2, 6)}`, {}, markdownInline(heading[2]));
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(first)) return lines.shift() && el("hr");
  if (/^>/.test(first))
    return el(
      "blockquote",
      {},
      markdownInline(
        takeWhile(lines, /^>/)
          .map((line) => line.replace(/^>\s?/, ""))
          .join("\n"),
      ),
    );
  if (ITEM.test(first))
    return el(
      ITEM.exec(first)[1] ? "ol" : "ul",
      {},
      takeWhile(lines, ITEM).map((line) => el("li", {}, markdownInline(line.replace(ITEM, "")))),
    );
  if (/^\|.*\|\s*$/.test(first)) return pipeTable(takeWhile(lines, /^\|/));
  if (!first.trim()) return lines.shift() ?? "";
  return el("p", {}, markdownInline(takeParagraph(lines).join("\n")));
}

function takeWhile(lines, pattern) {
  const taken = [];
  while (lines.length && pattern.test(lines[0])) taken.push(lines.shift());
  return taken;
}

function takeParagraph(lines) {
  const taken = [lines.shift()];
  while (lines.length && lines[0].trim() && !/^(#{1,6}\s|>|```|\|)/.test(lines[0]) && !ITEM.test(lines[0]))
    taken.push(lines.shift());
  return taken;
}

function fenced(lines) {
  lines.shift();
  const code = [];
  while (lines.length && !/^```/.test(lines[0])) code.push(lines.shift());
  lines.shift();
  return el("pre", { class: "code-block" }, el("code", {}, code.join("\n")));
}

function pipeTable(lines) {
  const rows = lines
    .filter((line) => !/^\|[\s:|-]+\|\s*$/.test(line))
    .map((line) =>
      line
        .trim()
        .slice(1, -1)
        .split("|")
        .map((text) => ({ text: text.trim() })),
    );
  return table({ rows });
}

const MARKDOWN_INLINE =
  /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|__(.+?)__|~~(.+?)~~|\*([^*\n]+)\*|(?<!\w)_([^_\n]+)_(?!\w)|:([a-z0-9_+-]+):/;

function markdownInline(text) {
  const nodes = [];
  let rest = text;
  for (let found = MARKDOWN_INLINE.exec(rest); found; found = MARKDOWN_INLINE.exec(rest)) {
    const [whole, code, label, address, bold, alsoBold, strike, italic, alsoItalic, name] = found;
    nodes.push(rest.slice(0, found.index));
    if (code) nodes.push(el("code", {}, code));
    else if (label) nodes.push(link(address, label));
    else if (bold ?? alsoBold) nodes.push(el("strong", {}, markdownInline(bold ?? alsoBold)));
    else if (strike) nodes.push(el("s", {}, markdownInline(strike)));
    else if (italic ?? alsoItalic) nodes.push(el("em", {}, markdownInline(italic ?? alsoItalic)));
    else nodes.push(shortcode(name));
    rest = rest.slice(found.index + whole.length);
  }
  nodes.push(rest);
  return nodes;
}
