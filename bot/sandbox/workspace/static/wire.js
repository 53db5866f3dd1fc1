// One entry of the wire log: a line that says what went where and how long it took, and the JSON behind it.

import { el, icon, iconButton, toast } from "./dom.js";
import { avatar, nameOf } from "./directory.js";
import { t } from "./language.js";
import { moment } from "./times.js";

const ACK_MS = 3000;
const SLOW_MS = 1000;
const POINTER = /\[json-pointer:([^\]]*)\]/;

export const isToApp = (entry) => entry.direction === "to_app";
export const isRefused = (entry) => Boolean(entry.refused?.length) || entry.status === 0 || entry.status >= 400;

/** Everything in which a filter looks, in small letters. */
export const searched = (entry) =>
  [entry.what, entry.user && nameOf(entry.user), entry.refused, JSON.stringify([entry.request, entry.response])]
    .join(" ")
    .toLowerCase();

export function row(entry) {
  const details = el(
    "details",
    { class: isRefused(entry) ? "wire-entry bad" : "wire-entry", ontoggle: () => fill() },
    el(
      "summary",
      {},
      way(entry),
      el("span", { class: "what", title: entry.what }, entry.what),
      el(
        "span",
        { class: "who", title: entry.user ? nameOf(entry.user) : null },
        entry.user && avatar(entry.user, "small"),
        entry.user && el("span", { class: "hidden" }, nameOf(entry.user)),
      ),
      el("span", { class: "status" }, entry.status === 0 ? t("no answer") : (entry.status ?? "")),
      duration(entry),
      el("time", {}, moment(entry.at)),
      (entry.refused ?? []).map(refusal),
    ),
  );
  // The JSON is drawn when it is first looked at: most entries never are.
  const fill = () => details.querySelector(".wire-json") ?? details.append(...bodies(entry));
  return el("li", { dataset: { n: entry.n } }, details);
}

function way(entry) {
  const [kind, sign, name] = isToApp(entry) ? ["out", "→", t("to the app")] : ["in", "←", t("from the app")];
  return el("span", { class: `way ${kind}`, title: name, role: "img", "aria-label": name }, sign);
}

/** How long the answer took; for what the app must acknowledge also how much of Slack's three seconds that is. */
function duration(entry) {
  const { ms } = entry;
  if (ms === null || ms === undefined) return el("span", { class: "ms" });
  const pace = ms >= ACK_MS ? "too-slow" : ms >= SLOW_MS ? "slow" : "";
  const title = isToApp(entry)
    ? t("Answer after {ms} ms; Slack waits {limit} ms", { ms: Math.round(ms), limit: ACK_MS })
    : t("Answer after {ms} ms", { ms: Math.round(ms) });
  const bar = el("span", { class: "ack", "aria-hidden": "true" }, el("span"));
  bar.firstChild.style.setProperty("width", `${Math.max(2, Math.min(100, (ms / ACK_MS) * 100))}%`);
  return el(
    "span",
    { class: `ms ${pace}`, title },
    `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`,
    isToApp(entry) && bar,
  );
}

function refusal(reason) {
  const pointer = POINTER.exec(reason)?.[1];
  const text = reason.replace(POINTER, "").replace(/^\[ERROR\]\s*/, "");
  const where = pointer && [" ", el("code", {}, pointer)];
  return el("span", { class: "refusal" }, icon("alert"), el("span", {}, text, where));
}

function bodies(entry) {
  const wrong = new Set((entry.refused ?? []).map((reason) => POINTER.exec(reason)?.[1]).filter(Boolean));
  const [request, response] = [unpacked(entry.request), unpacked(entry.response)];
  const answered = isToApp(entry);
  return [
    part(t("Request"), request, answered ? new Set() : wrong),
    part(t("Response"), response, answered ? wrong : new Set()),
  ];
}

/** Views and blocks often travel as JSON inside a text: shown as what they are. */
function unpacked(value) {
  if (typeof value === "string") return /^\s*[[{]/.test(value) ? parsed(value) : value;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const inner = (one) => (typeof one === "string" && /^\s*[[{]/.test(one) ? parsed(one) : one);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inner(one)]));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isEmpty = (value) => value === undefined || value === null || value === "";

function part(title, value, wrong) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return el(
    "div",
    { class: "wire-json" },
    el(
      "header",
      {},
      el("h3", {}, title),
      !isEmpty(value) && iconButton("copy", `${t("Copy")}: ${title}`, () => copy(text)),
    ),
    el(
      "pre",
      { tabindex: "0", "aria-label": title },
      isEmpty(value) ? t("(empty)") : typeof value === "string" ? value : json(value, wrong),
    ),
  );
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("Copied"));
  } catch {
    toast(t("This browser does not let the page copy"), "error");
  }
}

/** Indented, coloured JSON as nodes; the values at the pointers in `wrong` are marked. */
function json(value, wrong, pointer = "", indent = "") {
  const nodes = Array.isArray(value)
    ? group(value.map((one, at) => [null, at, one]), "[]", wrong, pointer, indent)
    : value !== null && typeof value === "object"
      ? group(Object.entries(value).map(([name, one]) => [name, name, one]), "{}", wrong, pointer, indent)
      : [el("span", { class: typeof value === "string" ? "json-text" : "json-literal" }, JSON.stringify(value))];
  return wrong.has(pointer) ? [el("mark", { class: "refused" }, nodes)] : nodes;
}

function group(entries, [open, close], wrong, pointer, indent) {
  if (!entries.length) return [open, close];
  const inside = `${indent}  `;
  const lines = entries.flatMap(([name, step, value], at) => [
    `${at ? "," : ""}\n${inside}`,
    ...(name === null ? [] : [el("span", { class: "json-key" }, JSON.stringify(name)), ": "]),
    ...json(value, wrong, `${pointer}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`, inside),
  ]);
  return [open, ...lines, `\n${indent}`, close];
}
