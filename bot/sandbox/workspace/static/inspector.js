// The wire log: what went between workspace and app, how long it took, and in red what Slack would have refused.

import { debounce, el, icon, iconButton } from "./dom.js";
import { api } from "./api.js";
import { t } from "./language.js";
import { isRefused, isToApp, row, searched } from "./wire.js";

const KEPT = 300;

const FILTERS = {
  all: ["All", () => true],
  to_app: ["To the app", isToApp],
  from_app: ["From the app", (entry) => !isToApp(entry)],
  refused: ["Refused", isRefused],
};

export class Inspector {
  constructor(onclose) {
    this.entries = [];
    this.last = 0;
    this.filter = "all";
    this.query = "";
    this.list = el("ol", { class: "wire", "aria-label": t("Wire log") });
    this.filters = el("div", { class: "filters", role: "group", "aria-label": t("Show") });
    this.count = el("span", { class: "wire-count", role: "status" });
    this.nothing = el("p", { class: "drawer-note", hidden: true });
    const close = iconButton("close", t("Close the inspector"), onclose);
    this.node = el(
      "aside",
      { class: "drawer inspector", "aria-label": t("Inspector"), hidden: true },
      el("header", {}, el("h2", {}, t("Inspector")), this.count, close),
      el(
        "p",
        { class: "drawer-note" },
        t("Every payload and call, as it went over the wire. Red is what Slack would have refused."),
      ),
      this.filters,
      this.searchField(),
      this.nothing,
      this.list,
    );
    this.load = debounce(() => this.fetch(), 120);
    this.redraw();
  }

  searchField() {
    const name = t("Filter by name, person or text");
    return el(
      "label",
      { class: "wire-search" },
      icon("search"),
      el("input", {
        type: "search",
        class: "field",
        placeholder: name,
        "aria-label": name,
        oninput: (event) => {
          this.query = event.target.value.trim().toLowerCase();
          this.redraw();
        },
      }),
    );
  }

  get open() {
    return !this.node.hidden;
  }

  toggle(open = !this.open) {
    this.node.hidden = !open;
    if (open) this.load();
  }

  shows = (entry) => FILTERS[this.filter][1](entry) && (!this.query || searched(entry).includes(this.query));

  drawFilters() {
    const had = this.filters.contains(document.activeElement);
    this.filters.replaceChildren(
      ...Object.entries(FILTERS).map(([name, [label, fits]]) => {
        const count = this.entries.filter(fits).length;
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
          t(label),
          el("span", { class: "number" }, String(count)),
        );
      }),
    );
    if (had) this.filters.querySelector('[aria-pressed="true"]').focus();
    const shown = this.list.childNodes.length;
    this.count.textContent = this.query ? t("{shown} of {all}", { shown, all: this.entries.length }) : "";
    this.nothing.hidden = shown > 0;
    this.nothing.textContent = this.entries.length
      ? t("Nothing matches this filter.")
      : t("Nothing has gone over the wire yet.");
  }

  async fetch() {
    const { entries = [], last = 0, error } = await api.log(this.last);
    if (error) return undefined;
    if (last < this.last) return this.startAgain();
    this.last = last;
    const known = new Set(this.entries.map(({ n }) => n));
    const fresh = entries.filter(({ n }) => !known.has(n));
    this.entries = [...this.entries, ...fresh].slice(-KEPT);
    this.list.prepend(...fresh.filter(this.shows).reverse().map(row));
    while (this.list.childNodes.length > KEPT) this.list.lastChild.remove();
    this.drawFilters();
    return undefined;
  }

  /** The workspace was reset or started again: its log counts from the beginning. */
  startAgain() {
    this.entries = [];
    this.last = 0;
    this.list.replaceChildren();
    return this.fetch();
  }

  redraw() {
    this.list.replaceChildren(...this.entries.filter(this.shows).reverse().map(row));
    this.drawFilters();
  }
}
