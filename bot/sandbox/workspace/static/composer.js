// Where messages and commands are written. Typing `/` offers the commands, `@` the people.

import { el, icon, iconButton, toast, uniqueId } from "./dom.js";
import { api } from "./api.js";
import { avatar, directory } from "./directory.js";
import { t, translated } from "./language.js";
import { menuButton, openBeside } from "./popup.js";

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export class Composer {
  /** `target()` gives `{channel, thread_ts?}`; `sent` is awaited after each message or command. */
  constructor({ target, sent }) {
    Object.assign(this, { target, sent });
    this.rows = [];
    this.active = 0;
    const listId = uniqueId("suggestions");
    this.text = el("textarea", {
      rows: 1,
      class: "composer-text",
      role: "combobox",
      "aria-label": t("Message"),
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": listId,
      oninput: () => this.typed(),
      onkeydown: (event) => this.key(event),
      onblur: () => this.closeList?.(),
    });
    this.list = el("div", {
      class: "popup listbox",
      popover: "manual",
      role: "listbox",
      id: listId,
      "aria-label": t("Suggestions"),
      onpointerdown: (event) => event.preventDefault(),
    });
    this.hint = el("span", { class: "composer-hint" });
    this.sendButton = el(
      "button",
      { type: "submit", class: "send", "aria-label": t("Send"), title: t("Send (Enter)"), disabled: true },
      icon("send"),
    );
    this.node = el(
      "form",
      {
        class: "composer",
        onsubmit: (event) => {
          event.preventDefault();
          this.send();
        },
      },
      el(
        "div",
        { class: "composer-box" },
        this.text,
        el(
          "div",
          { class: "composer-bar" },
          this.shortcutsButton(),
          this.starter("slash", t("Slash command"), "/"),
          this.starter("at", t("Mention somebody"), "@"),
          this.hint,
          this.sendButton,
        ),
      ),
      this.list,
    );
  }

  shortcutsButton() {
    const items = () =>
      directory.shortcuts
        .filter(({ type }) => type === "global")
        .map((one) => ({
          label: one.name,
          hint: one.description,
          dataset: { callbackId: one.callback_id },
          choose: () => this.shortcut(one),
        }));
    const button = iconButton("bolt", t("Shortcuts"));
    return el(
      "span",
      { class: "anchor" },
      menuButton(
        button,
        () => (items().length ? items() : [{ label: t("This app has no global shortcuts"), choose: () => {} }]),
        t("Shortcuts"),
      ),
    );
  }

  /** A button that types the sign with which a command or a mention begins. */
  starter(picture, name, sign) {
    return iconButton(picture, name, () => {
      const at = sign === "/" ? 0 : this.text.selectionStart;
      const apart = at && !/\s/.test(this.text.value[at - 1]) ? " " : "";
      this.focus();
      this.text.setRangeText(`${apart}${sign}`, at, sign === "/" ? this.text.value.length : at, "end");
      this.typed();
    });
  }

  label(text) {
    this.text.placeholder = text;
    this.text.setAttribute("aria-label", text);
  }

  focus() {
    this.text.focus();
  }

  typed() {
    this.text.style.setProperty("height", "auto");
    this.text.style.setProperty("height", `${Math.min(this.text.scrollHeight, 180)}px`);
    this.sendButton.disabled = !this.text.value.trim();
    this.suggest();
    const known = directory.commands.find(({ command }) => this.text.value.startsWith(`${command} `));
    this.hint.textContent = known
      ? `${known.command} ${known.usage_hint ?? ""}`
      : this.text.value
        ? t("Enter sends, Shift+Enter starts a new line")
        : "";
  }

  /** Rows `{insert, title, hint, lead}` for what stands before the caret. */
  suggestions() {
    const before = this.text.value.slice(0, this.text.selectionStart);
    if (/^\/\S*$/.test(before)) {
      return directory.commands
        .filter(({ command }) => command.startsWith(before.toLowerCase()))
        .map((one) => ({
          insert: `${one.command} `,
          replaces: before,
          title: one.command,
          usage: one.usage_hint,
          hint: one.description,
          lead: avatar(directory.app.bot_user_id, "small"),
        }));
    }
    const name = /(?:^|\s)@([\p{L}\p{N}]*)$/u.exec(before)?.[1];
    if (name === undefined) return [];
    const everyone = [
      ...directory.people.map((one) => [one.id, one.name]),
      [directory.app.bot_user_id, directory.app.name],
    ];
    return everyone
      .filter(([, title]) => title?.toLowerCase().includes(name.toLowerCase()))
      .map(([id, title]) => ({ insert: `@${title} `, replaces: `@${name}`, title, lead: avatar(id, "small") }));
  }

  suggest() {
    const found = this.suggestions();
    this.rows = found.map((row) => ({
      ...row,
      node: el(
        "div",
        {
          class: "option",
          role: "option",
          id: uniqueId("suggestion"),
          "aria-selected": "false",
          onclick: () => this.take(row),
        },
        row.lead,
        el(
          "span",
          { class: "option-text" },
          el("span", {}, el("strong", {}, row.title), row.usage && el("span", { class: "usage" }, ` ${row.usage}`)),
          row.hint && el("small", {}, row.hint),
        ),
      ),
    }));
    this.list.replaceChildren(...this.rows.map(({ node }) => node));
    if (!this.rows.length) return this.closeList?.();
    this.closeList ??= openBeside(this.node.firstElementChild, this.list, {
      sameWidth: true,
      onclose: () => {
        this.closeList = null;
        this.rows = [];
        this.text.setAttribute("aria-expanded", "false");
        this.text.removeAttribute("aria-activedescendant");
      },
    });
    this.text.setAttribute("aria-expanded", "true");
    return this.activate(0);
  }

  activate(at) {
    this.active = (at + this.rows.length) % this.rows.length;
    this.rows.forEach(({ node }, index) => {
      node.classList.toggle("active", index === this.active);
      node.setAttribute("aria-selected", String(index === this.active));
    });
    this.rows[this.active].node.scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", this.rows[this.active].node.id);
  }

  take({ insert, replaces }) {
    const end = this.text.selectionStart;
    this.text.setRangeText(insert, end - replaces.length, end, "end");
    this.closeList?.();
    this.typed();
    this.focus();
  }

  key(event) {
    if (this.closeList && this.listKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
  }

  /** Keys while suggestions are open; true if the key was used up. A command typed in full is sent by Enter at once. */
  listKey(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    const complete = this.rows.some(({ title }) => title === this.text.value);
    if (event.key in moves) this.activate(this.active + moves[event.key]);
    else if (event.key === "Escape") this.closeList();
    else if (event.key === "Tab" || (event.key === "Enter" && !complete && !event.shiftKey))
      this.take(this.rows[this.active]);
    else return false;
    event.preventDefault();
    return true;
  }

  /** The field is free at once: whoever types on while the app thinks loses nothing. */
  async send() {
    const written = this.text.value.trim();
    if (!written) return;
    this.closeList?.();
    this.text.value = "";
    this.typed();
    this.waiting(1);
    const answer = written.startsWith("/")
      ? await api.act(directory.me, "command", { text: written, channel: this.target().channel })
      : await api.act(directory.me, "message", { text: withMentions(escape(written)), ...this.target() });
    this.waiting(-1);
    if (answer.error) this.failed(answer, written);
    await this.sent(answer);
  }

  waiting(change) {
    this.underWay = (this.underWay ?? 0) + change;
    this.node.setAttribute("aria-busy", String(this.underWay > 0));
  }

  /** What failed comes back, so that it can be sent again. Slackbot tells why, unless nothing was sent at all. */
  failed({ error, status }, written) {
    if (status === undefined) toast(translated(error), "error");
    if (this.text.value) return;
    this.text.value = written;
    this.typed();
    this.closeList?.();
  }

  async shortcut({ callback_id }) {
    const answer = await api.act(directory.me, "shortcut", { callback_id });
    if (answer.error) toast(translated(answer.error), "error");
    await this.sent({});
  }
}

/** `@Name` of somebody known becomes Slack's `<@ID>`; longer names first. */
function withMentions(text) {
  const known = [
    ...directory.people.map(({ id, name }) => [id, name]),
    [directory.app.bot_user_id, directory.app.name],
  ].filter(([, name]) => name);
  known.sort(([, one], [, other]) => other.length - one.length);
  return known.reduce((done, [id, name]) => done.replaceAll(`@${escape(name)}`, `<@${id}>`), text);
}
