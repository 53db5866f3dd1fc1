// The middle of the page: one channel or direct message with its composer, and the thread beside it.

import { el, iconButton } from "./dom.js";
import { api } from "./api.js";
import { channel, channelName, directory, isApp } from "./directory.js";
import { Composer } from "./composer.js";
import { MessageList } from "./messages.js";

export class Conversation {
  /** `refresh` fetches screen and messages again after something was done. */
  constructor(refresh) {
    this.id = null;
    this.thread = null;
    this.asked = 0;
    this.list = new MessageList({ label: "Messages", refresh, openThread: (ts) => this.openThread(ts) });
    this.composer = new Composer({ target: () => ({ channel: this.id }), sent: refresh });
    this.node = el("div", { class: "conversation" }, this.list.node, this.composer.node);
    this.replies = new MessageList({ label: "Thread", refresh });
    this.replyComposer = new Composer({ target: () => ({ channel: this.id, thread_ts: this.thread }), sent: refresh });
    this.replyComposer.label("Reply…");
    this.aside = el(
      "aside",
      { class: "drawer thread", "aria-label": "Thread", hidden: true },
      el(
        "header",
        {},
        el("h2", {}, "Thread"),
        iconButton("close", "Close the thread", () => this.openThread(null)),
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
    this.composer.label(`Message ${name}`);
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
      el("h2", {}, toApp ? `Messages with ${directory.app.name}` : `This is the beginning of #${channelName(this.id)}`),
      el("p", {}, first ? ["Type ", el("kbd", {}, first.command), " to begin."] : "Write the first message."),
    );
  }

  openThread(ts) {
    this.thread = ts;
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

/** What stands in the channel itself, each with the number of its replies. */
function topLevel(messages) {
  const counts = new Map();
  for (const { thread_ts: thread, ts } of messages)
    if (thread && thread !== ts) counts.set(thread, (counts.get(thread) ?? 0) + 1);
  return messages
    .filter(
      ({ thread_ts: thread, ts, is_ephemeral: ephemeral, subtype }) =>
        !thread || thread === ts || ephemeral || subtype === "thread_broadcast",
    )
    .map((message) => (counts.has(message.ts) ? { ...message, reply_count: counts.get(message.ts) } : message));
}
