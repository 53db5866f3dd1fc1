// The wire log: what went between workspace and app, how long it took, and in red what Slack would have refused.

import { debounce, el, icon, iconButton } from "./dom.js";
import { api } from "./api.js";
import { avatar, nameOf } from "./directory.js";

const KEPT = 300;
const SLOW_MS = 1000;
const TOO_SLOW_MS = 3000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const FILTERS = {
  all: () => true,
  to_app: (entry) => entry.direction === "to_app",
  from_app: (entry) => entry.direction === "from_app",
  refused: (entry) => isRefused(entry),
};
const LABELS = { all: "All", to_app: "To the app", from_app: "From the app", refused: "Refused" };

const isRefused = (entry) => Boolean(entry.refused?.length) || entry.status === 0 || entry.status >= 400;

export class Inspector {
  constructor(onclose) {
    this.entries = [];
    this.last = 0;
    this.filter = "all";
    this.list = el("ol", { class: "wire", "aria-label": "Wire log" });
    this.filters = el("div", { class: "filters", role: "group", "aria-label": "Show" });
    this.count = el("span", { class: "wire-count" });
    this.node = el(
      "aside",
      { class: "drawer inspector", "aria-label": "Inspector", hidden: true },
      el("header", {}, el("h2", {}, "Inspector"), this.count, iconButton("close", "Close the inspector", onclose)),
      el(
        "p",
        { class: "drawer-note" },
        "Every payload and call, as it went over the wire. Red is what Slack would have refused.",
      ),
      this.filters,
      this.list,
    );
    this.load = debounce(() => this.fetch(), 120);
    this.drawFilters();
  }

  get open() {
    return !this.node.hidden;
  }

  toggle(open = !this.open) {
    this.node.hidden = !open;
    if (open) this.load();
  }

  drawFilters() {
    this.filters.replaceChildren(
      ...Object.keys(FILTERS).map((name) => {
        const count = this.entries.filter(FILTERS[name]).length;
        return el(
          "button",
          {
            type: "button",
            class: `filter filter-${name} ${name === "refused" && count ? "alarm" : ""}`,
            "aria-pressed": String(this.filter === name),
            onclick: () => {
              this.filter = name;
              this.redraw();
            },
          },
          LABELS[name],
          el("span", { class: "number" }, String(count)),
        );
      }),
    );
  }

  async fetch() {
    const { entries = [], last = 0 } = await api.log(this.last);
    if (last < this.last) return this.startAgain();
    this.last = last;
    const known = new Set(this.entries.map(({ n }) => n));
    const fresh = entries.filter(({ n }) => !known.has(n));
    this.entries = [...this.entries, ...fresh].slice(-KEPT);
    this.list.prepend(...fresh.filter(FILTERS[this.filter]).reverse().map(row));
    while (this.list.childNodes.length > KEPT) this.list.lastChild.remove();
    this.drawFilters();
    return undefined;
  }

  /** The workspace was reset: its log counts from the beginning. */
  startAgain() {
    this.entries = [];
    this.last = 0;
    this.list.replaceChildren();
    return this.fetch();
  }

  redraw() {
    this.drawFilters();
    this.list.replaceChildren(...this.entries.filter(FILTERS[this.filter]).reverse().map(row));
  }
}

function row(entry) {
  const out = entry.direction === "to_app";
  const bad = isRefused(entry);
  const details = el(
    "details",
    { class: bad ? "wire-entry bad" : "wire-entry", ontoggle: () => fill() },
    el(
      "summary",
      {},
      el("span", { class: out ? "way out" : "way in", title: out ? "to the app" : "from the app" }, out ? "→" : "←"),
      el("span", { class: "what" }, entry.what),
      el(
        "span",
        { class: "who", title: entry.user ? nameOf(entry.user) : null },
        entry.user && avatar(entry.user, "small"),
        entry.user && el("span", { class: "hidden" }, nameOf(entry.user)),
      ),
      el("span", { class: "result" }, entry.status === 0 ? "no answer" : (entry.status ?? ""), duration(entry.ms)),
      el("time", {}, moment(entry.at)),
      (entry.refused ?? []).map((reason) => el("span", { class: "refusal" }, icon("alert"), reason)),
    ),
  );
  // The JSON is drawn when it is first looked at: most entries never are.
  const fill = () => {
    if (details.querySelector(".wire-json")) return;
    details.append(part("Request", entry.request), part("Response", entry.response));
  };
  return el("li", { dataset: { n: entry.n } }, details);
}

function moment(at) {
  const date = typeof at === "number" ? new Date(at * 1000) : new Date(at);
  return Number.isNaN(date.getTime()) ? "" : clock.format(date);
}

function duration(ms) {
  if (ms === null || ms === undefined) return null;
  const pace = ms >= TOO_SLOW_MS ? "too-slow" : ms >= SLOW_MS ? "slow" : "";
  return el("span", { class: `ms ${pace}` }, `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`);
}

function part(title, value) {
  return el(
    "div",
    { class: "wire-json" },
    el("h3", {}, title),
    el(
      "pre",
      { tabindex: "0", "aria-label": title },
      value === undefined || value === null || value === ""
        ? "(empty)"
        : colored(typeof value === "string" ? value : JSON.stringify(value, null, 2)),
    ),
  );
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\b/g;

function colored(json) {
  const nodes = [];
  let end = 0;
  for (const found of json.matchAll(TOKEN)) {
    nodes.push(
      json.slice(end, found.index),
      el("span", { class: found[3] ? "json-literal" : found[2] ? "json-key" : "json-text" }, found[1] ?? found[3]),
      found[2] ?? "",
    );
    end = found.index + found[0].length;
  }
  return [...nodes, json.slice(end)];
}
