// Slack's mrkdwn, as nodes. Follows docs.slack.dev, "Formatting message text".

import { el } from "./dom.js";
import { emoji } from "./emoji.js";
import { directory, nameOf, channelName, me } from "./directory.js";
import { t } from "./language.js";

export const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** Nodes of a text object: `mrkdwn` or `plain_text`. */
export function textNodes(text) {
  if (!text) return [];
  if (typeof text === "string") return mrkdwn(text);
  return text.type === "mrkdwn" ? mrkdwn(text.text ?? "") : plain(text.text ?? "", text.emoji !== false);
}

/** The words of a text object, for accessible names and for searching. */
export const words = (text) =>
  textNodes(text)
    .map((node) => node.textContent ?? node)
    .join("");

export function plain(text, withEmoji = true) {
  if (!withEmoji) return [text];
  return text
    .split(/(:[a-z0-9_+'-]+(?:::skin-tone-\d)?:)/)
    .filter(Boolean)
    .map((part) => (/^:.+:$/.test(part) ? shortcode(part.slice(1, -1)) : part));
}

export function mrkdwn(text) {
  return text.split(/```\n?([\s\S]+?)\n?```\n?/).flatMap((part, at) => {
    if (at % 2) return [el("pre", { class: "code-block" }, el("code", {}, unescape(part)))];
    return part ? paragraphs(part) : [];
  });
}

const QUOTE = /^(?:>|&gt;)\s?/;
const BULLET = /^\s*[•◦]\s+/;

/** Runs of quoted lines and of bullets become one block each; the rest stays lines. */
function paragraphs(text) {
  const nodes = [];
  const lines = text.split("\n");
  while (lines.length) {
    const kind = [QUOTE, BULLET].find((pattern) => pattern.test(lines[0]));
    const run = [];
    do run.push(lines.shift());
    while (lines.length && [QUOTE, BULLET].find((pattern) => pattern.test(lines[0])) === kind);
    if (kind === QUOTE) nodes.push(el("blockquote", {}, inline(run.map((line) => line.replace(QUOTE, "")).join("\n"))));
    else if (kind === BULLET)
      nodes.push(
        el(
          "ul",
          { class: "bullets" },
          run.map((line) => el("li", {}, inline(line.replace(BULLET, "")))),
        ),
      );
    else nodes.push(...inline(run.join("\n")));
  }
  return nodes;
}

const EDGE = "\\p{L}\\p{N}";
const style = (mark) => `(?<![${EDGE}${mark}])${mark}(?!\\s)([^${mark}\\n]*[^\\s${mark}])${mark}(?![${EDGE}${mark}])`;
const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    style("\\*"),
    style("_"),
    style("~"),
    ":([a-z0-9_+'-]+(?:::skin-tone-\\d)?):",
    "(https?://[^\\s<>|]*[^\\s<>|.,;:!?)'\"])",
  ].join("|"),
  "u",
);

export function inline(text) {
  const nodes = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    if (found.index) nodes.push(unescape(rest.slice(0, found.index)));
    nodes.push(inlineNode(found));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) nodes.push(unescape(rest));
  return nodes;
}

function inlineNode([, code, angle, bold, italic, strike, name, url]) {
  if (code !== undefined) return el("code", {}, unescape(code));
  if (angle !== undefined) return reference(angle);
  if (bold !== undefined) return el("strong", {}, inline(bold));
  if (italic !== undefined) return el("em", {}, inline(italic));
  if (strike !== undefined) return el("s", {}, inline(strike));
  if (name !== undefined) return shortcode(name);
  return link(unescape(url), unescape(url));
}

export function shortcode(name) {
  const character = emoji(name);
  return character
    ? el(
        "span",
        { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` },
        character,
      )
    : `:${name}:`;
}

/** What stands between angle brackets: mention, channel, date, special mention or link. */
function reference(inner) {
  const [target, label] = split(inner, "|");
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return el("span", { class: "mention" }, `#${label ?? channelName(target.slice(1))}`);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return el("span", { class: "mention" }, label ?? `@${t("a group")}`);
  if (target.startsWith("!")) return el("span", { class: "mention" }, `@${label ?? target.slice(1)}`);
  return link(unescape(target), unescape(label ?? target.replace(/^mailto:|^tel:/, "")));
}

function split(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

export function mention(user, label) {
  return el(
    "span",
    { class: user === directory.me ? "mention mention-me" : "mention", dataset: { user } },
    `@${label ?? nameOf(user)}`,
  );
}

/** A link that opens beside this page; anything but web, mail and telephone addresses is only text. */
export function link(address, label = address) {
  if (!/^(https?:|mailto:|tel:)/i.test(address)) return label;
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

const DATE_STYLES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date_slash: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

function date(target, fallback) {
  const [, seconds, format, address] = target.split("^");
  const instant = new Date(Number(seconds) * 1000);
  if (Number.isNaN(instant.getTime()) || !format) return fallback ?? "";
  const text = unescape(format).replace(/\{(\w+)\}/g, (whole, token) => formatted(instant, token) ?? whole);
  const node = el("time", { datetime: instant.toISOString(), title: fallback }, text);
  return address ? el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, node) : node;
}

/** One `{token}` of Slack's date format, in the language and time zone of the person who reads. */
export function formatted(instant, token) {
  if (token === "ago") return ago(instant);
  const pretty = token.endsWith("_pretty") ? relativeDay(instant) : null;
  const shape = DATE_STYLES[token.replace(/_pretty$/, "")];
  return pretty ?? (shape && new Intl.DateTimeFormat(me()?.locale, { ...shape, timeZone: me()?.tz }).format(instant));
}

const dayNumber = (instant) => Math.floor((instant.getTime() - instant.getTimezoneOffset() * 60_000) / 86_400_000);

function relativeDay(instant) {
  const days = dayNumber(instant) - dayNumber(new Date());
  return Math.abs(days) <= 1
    ? new Intl.RelativeTimeFormat(me()?.locale, { numeric: "auto" }).format(days, "day")
    : null;
}

function ago(instant) {
  const seconds = (instant.getTime() - Date.now()) / 1000;
  const [size, unit] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ].find(([length]) => Math.abs(seconds) >= length) ?? [1, "second"];
  return new Intl.RelativeTimeFormat(me()?.locale, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
