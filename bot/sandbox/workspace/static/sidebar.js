// The left side: which workspace this is, who one is, and where one can go.

import { el, icon } from "./dom.js";
import { appChannel, avatar, channel, directory } from "./directory.js";

const TYPES = { agent: "Agent", sales: "Sales", manager: "Manager", admin: "Admin" };

export class Sidebar {
  /** `be(user)`, `go(place)` with "home" or a channel id. */
  constructor({ be, go }) {
    Object.assign(this, { be, go });
    this.node = document.getElementById("sidebar");
    this.unread = new Set();
  }

  draw(place) {
    const focused = this.node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.node.replaceChildren(
      this.workspace(),
      this.people(),
      el(
        "nav",
        { "aria-label": "Channels and conversations" },
        this.section("App", [...this.home(place), ...this.apps(place)]),
        this.section(
          "Channels",
          this.of(["channel", "private"]).map((one) =>
            this.row(one.id, icon(one.type === "private" ? "lock" : "hash"), one.name, place),
          ),
        ),
        this.section("Direct messages", this.colleagues(place)),
      ),
    );
    if (focused) this.node.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  workspace() {
    return el(
      "header",
      { class: "workspace" },
      el("span", { class: "workspace-mark", "aria-hidden": "true" }, (directory.team.name ?? "W")[0]),
      el("div", {}, el("h1", {}, directory.team.name ?? "Workspace"), el("p", {}, "Local workspace, not Slack")),
    );
  }

  people() {
    const shown = directory.people.filter(({ role }) => role);
    const others = directory.people.filter(({ role }) => !role);
    return el(
      "section",
      { class: "people", "aria-label": "Who you are" },
      el("h2", {}, "You are"),
      el(
        "div",
        { class: "people-row" },
        [...shown, ...others.slice(0, Math.max(0, 4 - shown.length))].map((one) => this.person(one)),
      ),
    );
  }

  person(one) {
    const current = one.id === directory.me;
    const role = TYPES[one.role] ?? one.title ?? "";
    return el(
      "button",
      {
        type: "button",
        class: "person",
        dataset: { user: one.id, role: one.role ?? "", key: one.id },
        "aria-pressed": String(current),
        title: `${one.name}, ${role}`,
        onclick: () => this.be(one.id),
      },
      avatar(one.id),
      el("span", { class: "person-name" }, one.first_name ?? one.name.split(" ")[0]),
      el("span", { class: "person-role" }, role),
    );
  }

  of(types) {
    return directory.channels.filter(({ type }) => types.includes(type));
  }

  home(place) {
    return directory.app.has_home ? [this.row("home", icon("home"), "Home", place)] : [];
  }

  apps(place) {
    const own = appChannel();
    return own ? [this.row(own.id, avatar(directory.app.bot_user_id, "small"), directory.app.name, place)] : [];
  }

  colleagues(place) {
    return this.of(["im"])
      .filter(({ id }) => id !== appChannel()?.id)
      .map((one) =>
        this.row(
          one.id,
          avatar(one.user, "small"),
          directory.people.find(({ id }) => id === one.user)?.name ?? one.name ?? one.id,
          place,
        ),
      );
  }

  section(title, rows) {
    if (!rows.length) return null;
    return el(
      "section",
      { "aria-label": title },
      el("h2", {}, title),
      el(
        "ul",
        {},
        rows.map((row) => el("li", {}, row)),
      ),
    );
  }

  row(id, picture, name, place) {
    const waiting = this.unread.has(id) || channel(id)?.unread > 0;
    return el(
      "button",
      {
        type: "button",
        class: waiting && place !== id ? "place unread" : "place",
        dataset: { place: id, key: id },
        "aria-current": place === id ? "page" : null,
        onclick: () => this.go(id),
      },
      picture,
      el("span", {}, name),
      waiting && place !== id && el("span", { class: "dot" }, el("span", { class: "hidden" }, "unread")),
    );
  }
}
