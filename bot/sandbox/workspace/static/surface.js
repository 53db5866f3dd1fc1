// What blocks are drawn on: a message, a modal or the Home. It keeps what the person entered and tells the app of it.

import { el, toast } from "./dom.js";
import { api } from "./api.js";
import { ask } from "./dialog.js";
import { directory } from "./directory.js";
import { translated } from "./language.js";

const FIELDS = [
  "selected_option",
  "selected_options",
  "selected_user",
  "selected_users",
  "selected_channel",
  "selected_channels",
  "selected_conversation",
  "selected_conversations",
  "selected_date",
  "selected_time",
  "selected_date_time",
  "rich_text_value",
  "files",
  "value",
];

export class Surface {
  /**
   * `kind` is message, modal or home; `where` is what a press needs beside block and action (`{ts, channel}` or `{surface}`);
   * `after` is awaited when the app has answered; `settled` draws again what was pressed without effect.
   */
  constructor({ kind, where, after = async () => {}, settled = () => {} }) {
    Object.assign(this, { kind, where, after, settled });
    this.values = new Map();
    this.inputs = new Map();
    this.underWay = new Set();
    this.state = {};
    this.errors = {};
  }

  /** Whoever submits waits for files that are still on their way. */
  waitsFor(upload) {
    this.underWay.add(upload);
    upload.finally(() => this.underWay.delete(upload));
  }

  uploads() {
    return Promise.all(this.underWay);
  }

  /** The value kept for an element, else what the server has in the view's state, else undefined. */
  recall(at, element) {
    const key = `${at.blockId}/${element.action_id}/${element.type}`;
    if (this.values.has(key)) return { kept: this.values.get(key) };
    const state = this.state[at.blockId]?.[element.action_id];
    const field = state?.type === element.type && FIELDS.find((name) => name in state);
    return field ? { state: state[field] } : {};
  }

  /** Note what an input holds when it is drawn, unless it is untouched and empty. */
  holds(at, kept, plain) {
    if (
      at.input &&
      (kept !== undefined || (plain !== null && plain !== undefined && plain !== "" && plain.length !== 0))
    )
      this.inputs.set(at.blockId, plain);
  }

  /** Keep what is shown as chosen. */
  remember(at, element, kept) {
    this.values.set(`${at.blockId}/${element.action_id}/${element.type}`, kept);
  }

  /** Keep a value; tell the app where the element is one that speaks at once. `plain` is what the control API takes. */
  change(at, element, kept, plain, { silent = false } = {}) {
    this.remember(at, element, kept);
    if (at.input) this.inputs.set(at.blockId, plain);
    if (!silent && (!at.input || at.dispatch)) this.press(at, element, plain);
  }

  /** What stands in the input blocks that are shown, as the control API takes it: `{block_id: plain value}`. */
  entered(blocks) {
    const shown = new Set((blocks ?? []).map((block) => block.block_id));
    return Object.fromEntries([...this.inputs].filter(([blockId]) => shown.has(blockId)));
  }

  async press(at, element, plain, node) {
    let done = node && busy(node);
    const action = { ...this.where, block_id: at.blockId, action_id: element.action_id, value: plain };
    if (this.kind !== "message" && this.inputs.size)
      await api.act(directory.me, "input", { ...this.where, values: Object.fromEntries(this.inputs) });
    let answer = await api.act(directory.me, "press", action);
    if (answer.confirm) {
      done?.();
      if (!(await ask(answer.confirm))) return this.forget(at, element);
      done = node && busy(node);
      answer = await api.act(directory.me, "press", { ...action, confirmed: true });
    }
    done?.();
    if (answer.error) toast(translated(answer.error), "error");
    return this.after(answer);
  }

  /** A select whose confirm dialog was answered with no shows its former choice again. */
  forget(at, element) {
    this.values.delete(`${at.blockId}/${element.action_id}/${element.type}`);
    this.settled();
    return this.after({});
  }

  options(at, element, query) {
    return api.options(directory.me, { ...this.where, block_id: at.blockId, action_id: element.action_id, query });
  }
}

/** Show that a button waits for the app; returns what ends it. */
export function busy(button) {
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
  const wheel = el("span", { class: "spinner small", "aria-hidden": "true" });
  button.append(wheel);
  return () => {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    wheel.remove();
  };
}
