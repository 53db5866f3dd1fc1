// The messages of a channel or a thread; each is drawn again only when it changed.

import { announce, el, icon, iconButton, toast } from "./dom.js";
import { api } from "./api.js";
import { blocks } from "./blocks.js";
import { avatar, directory, isApp, nameOf, person } from "./directory.js";
import { emoji } from "./emoji.js";
import { image } from "./media.js";
import { link, mrkdwn } from "./mrkdwn.js";
import { menuButton } from "./popup.js";
import { Surface } from "./surface.js";

const GROUPED_WITHIN_S = 300;
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

const at = (message) => new Date(Number(message.ts) * 1000);
const isFromApp = (message) => Boolean(message.bot_id || message.app_id) || isApp(message.user);
const author = (message) => (isFromApp(message) ? (message.username ?? directory.app.name) : nameOf(message.user));

export class MessageList {
  /** `refresh` is awaited after an action; `openThread(ts)` is left out where threads cannot be opened. */
  constructor({ label, refresh, openThread }) {
    Object.assign(this, { refresh, openThread });
    this.drawn = new Map();
    this.surfaces = new Map();
    this.following = true;
    this.node = el("div", {
      class: "messages",
      role: "log",
      "aria-label": label,
      "aria-live": "off",
      tabindex: "0",
      onscroll: () => {
        this.following = this.atEnd();
      },
    });
    new ResizeObserver(() => this.following && this.toEnd()).observe(this.node);
  }

  atEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 80;
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** Show messages, oldest first. `quiet` is for the first look at a channel: nothing is announced. */
  show(messages, channel, { quiet = false, empty = null } = {}) {
    const follow = quiet || this.atEnd();
    const before = this.drawn;
    this.drawn = new Map();
    let previous = null;
    const nodes = messages.map((message) => {
      const starts = !previous || at(previous).toDateString() !== at(message).toDateString();
      const grouped = !starts && belongs(previous, message);
      previous = message;
      const key = JSON.stringify([message, starts, grouped]);
      const known = before.get(message.ts);
      const node = known?.key === key ? known.node : this.message(message, channel, starts, grouped);
      if (!known && !quiet) announce(`${author(message)}: ${message.text ?? ""}`);
      this.drawn.set(message.ts, { key, node });
      return node;
    });
    this.place(nodes.length ? nodes : [empty ?? ""]);
    if (follow) requestAnimationFrame(() => this.toEnd());
  }

  /** Put the nodes in order and touch none that is in its place already: its focus and open lists live on. */
  place(nodes) {
    nodes.forEach((node, index) => {
      const present = this.node.childNodes[index];
      if (present !== node)
        this.node.insertBefore(node instanceof Node ? node : document.createTextNode(node), present ?? null);
    });
    while (this.node.childNodes.length > nodes.length) this.node.lastChild.remove();
  }

  surface(message, channel) {
    if (!this.surfaces.has(message.ts)) {
      this.surfaces.set(
        message.ts,
        new Surface({
          kind: "message",
          where: { ts: message.ts, channel },
          after: () => this.refresh(),
          settled: () => this.drawn.delete(message.ts),
        }),
      );
    }
    const surface = this.surfaces.get(message.ts);
    surface.state = message.state?.values ?? {};
    return surface;
  }

  message(message, channel, starts, grouped) {
    const surface = this.surface(message, channel);
    const classes = ["message", grouped && "grouped", message.is_ephemeral && "ephemeral", message.failed && "failed"]
      .filter(Boolean)
      .join(" ");
    const head = el(
      "div",
      { class: "message-head" },
      el("strong", {}, author(message)),
      isFromApp(message) && el("span", { class: "badge" }, "APP"),
      role(message),
      stamp(message, time.format(at(message))),
    );
    return el(
      "div",
      { class: "message-slot" },
      starts && el("div", { class: "day", role: "separator" }, el("span", {}, day.format(at(message)))),
      el(
        "article",
        {
          class: classes,
          dataset: { ts: message.ts },
          "aria-label": `${author(message)}, ${time.format(at(message))}`,
        },
        el(
          "div",
          { class: "gutter" },
          grouped
            ? stamp(message, time.format(at(message)))
            : avatar(isFromApp(message) ? directory.app.bot_user_id : message.user),
        ),
        el(
          "div",
          { class: "message-main" },
          message.is_ephemeral && el("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
          !grouped && head,
          content(message, surface),
          (message.attachments ?? []).map((one) => attachment(one, surface)),
          (message.files ?? []).map(file),
          reactions(message),
          this.replies(message),
        ),
        this.actions(message, channel),
      ),
    );
  }

  replies(message) {
    if (!this.openThread || !message.reply_count) return null;
    return el(
      "button",
      { type: "button", class: "replies", onclick: () => this.openThread(message.ts) },
      icon("reply"),
      message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`,
    );
  }

  /** The menu that appears beside a message: the app's message shortcuts and a few of our own. */
  actions(message, channel) {
    const more = iconButton("more", "More actions");
    const shortcuts = message.is_ephemeral ? [] : directory.shortcuts.filter(({ type }) => type === "message");
    const items = () => [
      ...shortcuts.map((one) => ({
        label: one.name,
        hint: directory.app.name,
        dataset: { callbackId: one.callback_id },
        choose: () => this.shortcut(one, message, channel),
      })),
      { label: "Copy text", choose: () => copy(message.text ?? "") },
      { label: "Copy as JSON", hint: "what the app sent", choose: () => copy(JSON.stringify(message, null, 2)) },
    ];
    return el(
      "div",
      { class: "message-actions" },
      this.openThread &&
        !message.is_ephemeral &&
        iconButton("reply", "Reply in thread", () => this.openThread(message.thread_ts ?? message.ts)),
      el("span", { class: "anchor" }, menuButton(more, items, "More actions")),
    );
  }

  async shortcut({ callback_id }, message, channel) {
    const answer = await api.act(directory.me, "shortcut", { callback_id, channel, ts: message.ts });
    if (answer.error) toast(answer.error, "error");
    await this.refresh();
  }
}

function belongs(previous, message) {
  const near = Number(message.ts) - Number(previous.ts) < GROUPED_WITHIN_S;
  return (
    near && author(previous) === author(message) && !message.is_ephemeral && !previous.is_ephemeral && !message.failed
  );
}

function role(message) {
  const known = person(message.user);
  return known?.role && !isFromApp(message) ? el("span", { class: "role" }, known.role) : null;
}

function stamp(message, text) {
  return el("time", { datetime: at(message).toISOString(), title: full.format(at(message)) }, text);
}

/** Blocks if there are any, else the text; Slack shows `text` beside blocks in notifications only. */
function content(message, surface) {
  const edited = message.edited && el("span", { class: "edited" }, " (edited)");
  if (message.blocks?.length) return el("div", { class: "message-blocks" }, blocks(message.blocks, surface), edited);
  return el("div", { class: "text" }, mrkdwn(message.text ?? ""), edited);
}

function attachment(given, surface) {
  const body = given.blocks
    ? blocks(given.blocks, surface)
    : [
        given.pretext && el("div", { class: "text" }, mrkdwn(given.pretext)),
        given.title && el("strong", {}, given.title_link ? link(given.title_link, given.title) : given.title),
        el("div", { class: "text" }, mrkdwn(given.text ?? (given.title ? "" : (given.fallback ?? "")))),
        given.fields &&
          el(
            "div",
            { class: "fields" },
            given.fields.map((field) =>
              el("div", { class: "text" }, el("strong", {}, field.title), "\n", mrkdwn(field.value ?? "")),
            ),
          ),
        given.image_url && image({ image_url: given.image_url, alt_text: given.fallback }),
        given.footer && el("small", {}, given.footer),
      ];
  const node = el("div", { class: "attachment" }, body);
  if (/^#?[0-9a-f]{6}$/i.test(given.color ?? ""))
    node.style.setProperty("border-inline-start-color", `#${given.color.replace("#", "")}`);
  return node;
}

function file(given) {
  const address = given.url_private_download ?? given.url_private ?? given.permalink;
  const name = given.title ?? given.name ?? given.id;
  return el(
    "div",
    { class: "file" },
    icon("file"),
    address ? el("a", { href: link(address).href ?? null, download: given.name ?? "" }, name) : name,
  );
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return el(
    "div",
    { class: "reactions" },
    message.reactions.map(({ name, count, users = [] }) =>
      el(
        "span",
        { class: "reaction", title: users.map(nameOf).join(", ") },
        emoji(name) ?? `:${name}:`,
        el("span", {}, String(count ?? users.length)),
      ),
    ),
  );
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("This browser does not let the page copy", "error");
  }
}
