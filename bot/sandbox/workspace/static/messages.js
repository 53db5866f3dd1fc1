// The messages of a channel or a thread; each is drawn again only when it changed.

import { announce, el, icon, iconButton, toast } from "./dom.js";
import { api } from "./api.js";
import { attachment } from "./attachments.js";
import { blocks } from "./blocks.js";
import { avatar, directory, isApp, nameOf, person, roleName } from "./directory.js";
import { emoji } from "./emoji.js";
import { sharedFile } from "./files.js";
import { t, translated } from "./language.js";
import { mrkdwn } from "./mrkdwn.js";
import { menuButton } from "./popup.js";
import { Surface } from "./surface.js";
import { clock, fullTime, longDay } from "./times.js";

const GROUPED_WITHIN_S = 300;
const FACES = 4; // of those who replied

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
    this.top = 0;
    this.node = el("div", {
      class: "messages",
      role: "log",
      "aria-label": label,
      "aria-live": "off",
      tabindex: "0",
      onscroll: () => this.scrolled(),
    });
    const stay = () => this.following && this.toEnd();
    new ResizeObserver(stay).observe(this.node);
    this.node.addEventListener("load", stay, true); // pictures that come late push nothing out of sight
  }

  atEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 80;
  }

  /** Only a person scrolls up; what grows below the end leaves the list following it. */
  scrolled() {
    const { scrollTop } = this.node;
    this.following = this.atEnd() || (this.following && scrollTop >= this.top);
    this.top = scrollTop;
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** Show messages, oldest first. `quiet` is for the first look at a channel: nothing is announced. */
  show(messages, channel, { quiet = false, empty = null } = {}) {
    this.following = quiet || this.following;
    const before = this.drawn;
    this.drawn = new Map();
    let previous = null;
    const nodes = messages.map((message) => {
      const starts = !previous || longDay(at(previous)) !== longDay(at(message));
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
    if (this.following) requestAnimationFrame(() => this.toEnd());
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
      isFromApp(message) && el("span", { class: "badge" }, t("APP")),
      role(message),
      stamp(message, clock(at(message))),
    );
    return el(
      "div",
      { class: "message-slot" },
      starts && el("div", { class: "day", role: "separator" }, el("span", {}, longDay(at(message)))),
      el(
        "article",
        {
          class: classes,
          dataset: { ts: message.ts },
          "aria-label": `${author(message)}, ${clock(at(message))}`,
        },
        el(
          "div",
          { class: "gutter" },
          grouped
            ? stamp(message, clock(at(message)))
            : avatar(isFromApp(message) ? directory.app.bot_user_id : message.user),
        ),
        el(
          "div",
          { class: "message-main" },
          message.is_ephemeral && note("eye", t("Only visible to you")),
          !grouped && head,
          this.openThread && isBroadcast(message) && note("reply", t("Replied in the thread")),
          content(message, surface),
          (message.attachments ?? []).map((one) => attachment(one, surface)),
          message.files?.length > 0 && el("div", { class: "shared-files" }, message.files.map(sharedFile)),
          reactions(message),
          this.replies(message),
        ),
        this.actions(message, channel),
      ),
    );
  }

  /** Who replied, how often and when last; opens the thread. */
  replies(message) {
    if (!this.openThread || !message.reply_count) return null;
    const users = message.reply_users ?? [];
    return el(
      "button",
      { type: "button", class: "replies", onclick: () => this.openThread(message.ts) },
      el(
        "span",
        { class: "faces", "aria-hidden": "true" },
        users.slice(0, FACES).map((user) => avatar(user, "small")),
      ),
      message.reply_count === 1 ? t("1 reply") : t("{n} replies", { n: message.reply_count }),
      message.latest_reply &&
        el("small", {}, t("Last reply {when}", { when: clock(new Date(Number(message.latest_reply) * 1000)) })),
    );
  }

  /** The menu that appears beside a message: the app's message shortcuts and a few of our own. */
  actions(message, channel) {
    const more = iconButton("more", t("More actions"));
    const shortcuts = message.is_ephemeral ? [] : directory.shortcuts.filter(({ type }) => type === "message");
    const items = () => [
      ...shortcuts.map((one) => ({
        label: one.name,
        hint: directory.app.name,
        dataset: { callbackId: one.callback_id },
        choose: () => this.shortcut(one, message, channel),
      })),
      { label: t("Copy text"), choose: () => copy(message.text ?? "") },
      { label: t("Copy as JSON"), hint: t("what the app sent"), choose: () => copy(JSON.stringify(message, null, 2)) },
    ];
    return el(
      "div",
      { class: "message-actions" },
      this.openThread &&
        !message.is_ephemeral &&
        iconButton("reply", t("Reply in thread"), () => this.openThread(message.thread_ts ?? message.ts)),
      el("span", { class: "anchor" }, menuButton(more, items, t("More actions"))),
    );
  }

  async shortcut({ callback_id }, message, channel) {
    const answer = await api.act(directory.me, "shortcut", { callback_id, channel, ts: message.ts });
    if (answer.error) toast(translated(answer.error), "error");
    await this.refresh();
  }
}

function belongs(previous, message) {
  const near = Number(message.ts) - Number(previous.ts) < GROUPED_WITHIN_S;
  return (
    near && author(previous) === author(message) && !message.is_ephemeral && !previous.is_ephemeral && !message.failed
  );
}

const note = (picture, text) => el("div", { class: "only-you" }, icon(picture), text);
const isBroadcast = ({ subtype, reply_broadcast: broadcast }) => broadcast || subtype === "thread_broadcast";

function role(message) {
  const known = person(message.user);
  return known?.role && !isFromApp(message) ? el("span", { class: "role" }, roleName(known)) : null;
}

function stamp(message, text) {
  return el("time", { datetime: at(message).toISOString(), title: fullTime(at(message)) }, text);
}

/** Blocks if there are any, else the text; Slack shows `text` beside blocks in notifications only. */
function content(message, surface) {
  const edited = message.edited && el("span", { class: "edited" }, t(" (edited)"));
  if (message.blocks?.length) return el("div", { class: "message-blocks" }, blocks(message.blocks, surface), edited);
  if (!message.text && (message.files || message.attachments)) return null;
  const text = message.failed ? translated(message.text) : (message.text ?? "");
  return el("div", { class: "text" }, mrkdwn(text), edited);
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return el("ul", { class: "reactions" }, message.reactions.map(reaction));
}

function reaction({ name, count, users = [] }) {
  const n = count ?? users.length;
  const who = users.map(nameOf).join(", ");
  const label = t("{name}: {n}, {who}", { name: name.replaceAll("_", " "), n, who });
  return el(
    "li",
    { class: users.includes(directory.me) ? "reaction mine" : "reaction", title: `:${name}: ${who}`, dataset: { name } },
    el("span", { class: "emoji", "aria-hidden": "true" }, emoji(name) ?? `:${name}:`),
    el("span", { "aria-hidden": "true" }, String(n)),
    el("span", { class: "hidden" }, label),
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
