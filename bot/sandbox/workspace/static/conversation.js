// The middle of the page: one channel or direct message with its composer, and the thread beside it.

import { el, iconButton } from "./dom.js";
import { api } from "./api.js";
import { channel, channelName, directory, isApp } from "./directory.js";
import { Composer } from "./composer.js";
import { t } from "./language.js";
import { MessageList } from "./messages.js";

export class Conversation {
  /** `refresh` fetches screen and messages again after something was done. */
  constructor(refresh) {
    this.id = null;
    this.thread = null;
    this.asked = 0;
    this.list = new MessageList({ label: t("Messages"), refresh, openThread: (ts) => this.openThread(ts) });
    this.composer = new Composer({ target: () => ({ channel: this.id }), sent: refresh });
    this.node = el("div", { class: "conversation" }, this.list.node, this.composer.node);
    this.replies = new MessageList({ label: t("Thread"), refresh });
    this.replyComposer = new Composer({ target: () => ({ channel: this.id, thread_ts: this.thread }), sent: refresh });
    this.replyComposer.label(t("Reply…"));
    this.aside = el(
      "aside",
      {
        class: "drawer thread",
        "aria-label": t("Thread"),
        hidden: true,
        onkeydown: (event) => event.key === "Escape" && !event.defaultPrevented && this.leaveThread(),
      },
      el(
        "header",
        {},
        el("h2", {}, t("Thread"), " ", (this.threadPlace = el("small"))),
        iconButton("close", t("Close the thread"), () => this.leaveThread()),
      ),
      this.replies.node,
      this.replyComposer.node,
    );
  }

  async show(id) {
    this.id = id;
    this.loaded = false;
    this.openThread(null);
    this.list.show([], id, { quiet: true });
    const name = channel(id)?.type === "im" ? channelName(id) : `#${channelName(id)}`;
    this.composer.label(t("Message {name}", { name }));
    await this.load();
  }

  async load() {
    if (!this.id) return;
    const turn = ++this.asked;
    const [id, first] = [this.id, !this.loaded];
    const { messages = [], error } = await api.messages(id, directory.me);
    if (turn !== this.asked || id !== this.id || error) return;
    this.loaded = true;
    this.messages = messages;
    this.list.show(topLevel(messages), id, { quiet: first, empty: this.empty() });
    this.drawThread();
  }

  empty() {
    const first = directory.commands[0];
    const toApp = isApp(channel(this.id)?.user);
    return el(
      "div",
      { class: "empty" },
      el("h2", {}, toApp
          ? t("Messages with {app}", { app: directory.app.name })
          : t("This is the beginning of #{name}", { name: channelName(this.id) })),
      el("p", {}, first ? withKey(t("Type {command} to begin."), first.command) : t("Write the first message.")),
    );
  }

  /** Close the thread; the focus goes back to the channel. */
  leaveThread() {
    this.openThread(null);
    this.composer.focus();
  }

  openThread(ts) {
    this.thread = ts;
    this.threadPlace.textContent = channel(this.id)?.type === "im" ? "" : `#${channelName(this.id)}`;
    this.aside.hidden = !ts;
    if (!ts) return;
    this.replies.show([], this.id, { quiet: true });
    this.drawThread(true);
    this.replyComposer.focus();
  }

  drawThread(quiet = false) {
    if (!this.thread) return;
    const inThread = (this.messages ?? []).filter(
      (message) => message.ts === this.thread || message.thread_ts === this.thread,
    );
    this.replies.show(
      inThread.map((message) => ({ ...message, reply_count: 0 })),
      this.id,
      { quiet },
    );
  }
}

/** A sentence whose `{command}` is shown as a key. */
function withKey(sentence, command) {
  const [before, after = ""] = sentence.split("{command}");
  return [before, el("kbd", {}, command), after];
}

/** What stands in the channel itself, each message with who replied to it. */
function topLevel(messages) {
  const replies = new Map();
  for (const message of messages) {
    const { thread_ts: thread, ts } = message;
    if (thread && thread !== ts) replies.set(thread, [...(replies.get(thread) ?? []), message]);
  }
  return messages
    .filter(
      ({ thread_ts: thread, ts, is_ephemeral: ephemeral, subtype }) =>
        !thread || thread === ts || ephemeral || subtype === "thread_broadcast",
    )
    .map((message) => (replies.has(message.ts) ? { ...message, ...summary(replies.get(message.ts)) } : message));
}

const summary = (replies) => ({
  reply_count: replies.length,
  reply_users: [...new Set(replies.map(({ user }) => user))],
  latest_reply: replies.at(-1).ts,
});
