// A select that one can type into: static, external, people and channels, one choice or many.
// Follows the ARIA Authoring Practices, "Combobox with listbox popup".

import { debounce, el, icon, spinner, uniqueId } from "./dom.js";
import { t } from "./language.js";
import { openBeside } from "./popup.js";

const ENDS = ["Home", "End"];

/**
 * `source(query)` gives, or promises, `{groups: [{label?, options}], note?}` where an option is
 * `{value, name, label?, description?, avatar?}`.
 * `chosen` is the list of chosen options; `onchange(options)` is told of each new list.
 */
export class Combobox {
  constructor({
    source,
    chosen = [],
    multiple = false,
    max = Infinity,
    placeholder = "",
    delay = 0,
    clearable = false,
    attributes = {},
    onchange,
  }) {
    Object.assign(this, { source, chosen, multiple, max, clearable, onchange });
    this.rows = [];
    this.active = -1;
    this.asked = 0;
    this.closePopup = null;
    this.listId = uniqueId("list");
    this.input = el("input", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      placeholder,
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.listId,
      ...attributes,
      onkeydown: (event) => this.key(event),
      oninput: () => {
        this.typed = true;
        this.open();
        this.search();
      },
      onclick: () => {
        if (!this.closePopup) this.open();
      },
      onblur: () => this.shut(),
    });
    this.list = el("div", {
      class: "popup listbox",
      popover: "manual",
      role: "listbox",
      id: this.listId,
      "aria-multiselectable": multiple ? "true" : null,
      onpointerdown: (event) => event.preventDefault(),
    });
    this.node = el(
      "div",
      { class: `combobox ${multiple ? "multiple" : ""}` },
      el(
        "span",
        { class: "combobox-field", onclick: () => this.input.focus() },
        (this.chips = el("span", { class: "chips" })),
        this.input,
        this.clearButton(),
        icon("down"),
      ),
      this.list,
    );
    this.search = delay ? debounce(() => this.load(), delay) : () => this.load();
    this.draw();
  }

  clearButton() {
    if (!this.clearable) return null;
    this.clear = el(
      "button",
      {
        type: "button",
        class: "icon-button clear",
        tabindex: "-1",
        "aria-label": t("Clear"),
        onclick: () => {
          this.choose([]);
          this.input.focus();
        },
      },
      icon("close"),
    );
    return this.clear;
  }

  /** Show what is chosen: chips for many, the name in the field for one. */
  draw() {
    if (this.clear) this.clear.hidden = !this.chosen.length;
    if (!this.multiple) {
      this.input.value = this.chosen[0]?.name ?? "";
      return;
    }
    this.chips.replaceChildren(
      ...this.chosen.map((option) =>
        el(
          "span",
          { class: "chip", dataset: { value: option.value } },
          option.name,
          el(
            "button",
            {
              type: "button",
              "aria-label": t("Remove {name}", { name: option.name }),
              onclick: () => {
                this.choose(this.chosen.filter((one) => one.value !== option.value));
                this.input.focus();
              },
            },
            icon("close"),
          ),
        ),
      ),
    );
  }

  choose(options) {
    this.chosen = options;
    this.draw();
    this.onchange(options);
  }

  open() {
    if (this.closePopup) return;
    this.closePopup = openBeside(this.node.firstElementChild, this.list, {
      sameWidth: true,
      onclose: () => this.closed(),
    });
    this.input.setAttribute("aria-expanded", "true");
    if (this.typed) return;
    if (!this.multiple) this.input.select();
    this.load();
  }

  shut() {
    this.closePopup?.();
  }

  closed() {
    this.closePopup = null;
    this.typed = false;
    this.asked += 1;
    this.search.cancel?.();
    this.activate(-1);
    this.input.setAttribute("aria-expanded", "false");
    if (this.multiple) this.input.value = "";
    else this.draw();
  }

  /** Ask the source; only the answer to the latest question is shown. */
  async load() {
    const turn = ++this.asked;
    const found = this.source(this.typed ? this.input.value : "");
    if (found instanceof Promise) this.show([el("div", { class: "note" }, spinner(t("Searching")), t("Searching…"))]);
    const { groups = [], note } = await found;
    if (turn !== this.asked || !this.closePopup) return;
    this.rows = [];
    const shown = groups.filter(({ options }) => options.length).map((group) => this.group(group));
    this.show([...shown, note && el("div", { class: "note", role: "status" }, note)]);
    const current = this.rows.findIndex(({ option }) => this.isChosen(option));
    this.activate(this.multiple || current < 0 ? Math.min(0, this.rows.length - 1) : current);
  }

  show(nodes) {
    this.list.replaceChildren(...nodes.filter(Boolean));
  }

  group({ label, options }) {
    const rows = options.map((option) => this.row(option));
    if (!label) return el("div", { role: "presentation" }, rows);
    const name = uniqueId("group");
    return el(
      "div",
      { role: "group", "aria-labelledby": name },
      el("div", { class: "group-label", id: name }, label),
      rows,
    );
  }

  row(option) {
    const node = el(
      "div",
      {
        class: "option",
        role: "option",
        id: uniqueId("option"),
        "aria-selected": String(this.isChosen(option)),
        dataset: { value: option.value },
        onclick: () => this.pick(option),
      },
      option.avatar,
      el(
        "span",
        { class: "option-text" },
        option.label ?? option.name,
        option.description && el("small", {}, option.description),
      ),
      icon("check"),
    );
    this.rows.push({ option, node });
    return node;
  }

  isChosen(option) {
    return this.chosen.some(({ value }) => value === option.value);
  }

  pick(option) {
    if (!this.multiple) {
      this.chosen = [option];
      this.shut();
      return this.choose([option]);
    }
    const rest = this.chosen.filter(({ value }) => value !== option.value);
    if (rest.length === this.chosen.length && rest.length >= this.max) return this.full();
    this.input.value = "";
    this.typed = false;
    this.choose(rest.length < this.chosen.length ? rest : [...rest, option]);
    return this.load();
  }

  /** No more can be chosen: said where the list ends. */
  full() {
    this.list.querySelector(".full")?.remove();
    const note = el("div", { class: "note full", role: "status" }, t("At most {n} can be chosen", { n: this.max }));
    this.list.append(note);
    note.scrollIntoView({ block: "nearest" });
  }

  activate(at) {
    this.rows[this.active]?.node.classList.remove("active");
    this.active = at;
    const row = this.rows[at];
    row?.node.classList.add("active");
    row?.node.scrollIntoView({ block: "nearest" });
    if (row) this.input.setAttribute("aria-activedescendant", row.node.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) {
      event.preventDefault();
      if (!this.closePopup) this.open();
      else if (this.rows.length) this.activate((this.active + moves[event.key] + this.rows.length) % this.rows.length);
    } else if (ENDS.includes(event.key) && this.closePopup && !this.input.value) {
      event.preventDefault();
      this.activate(event.key === "Home" ? 0 : this.rows.length - 1);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.closePopup && this.rows[this.active]) this.pick(this.rows[this.active].option);
      else if (!this.closePopup) this.open();
    } else if (event.key === "Escape" && this.closePopup) {
      event.preventDefault();
      event.stopPropagation();
      this.shut();
    } else if (event.key === "Backspace" && this.multiple && !this.input.value && this.chosen.length) {
      this.choose(this.chosen.slice(0, -1));
    }
  }
}

/** A source over options that are all known: every typed word must occur. */
export function localSource(groups) {
  return (query) => {
    const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ name, description = "" }) =>
      wanted.every((word) => `${name} ${description}`.toLowerCase().includes(word));
    const found = groups.map((group) => ({ ...group, options: group.options.filter(fits) }));
    return { groups: found, note: found.some(({ options }) => options.length) ? null : t("No match") };
  };
}
