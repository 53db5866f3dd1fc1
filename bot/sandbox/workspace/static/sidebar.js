// The left side: which workspace this is, who one is, and where one can go.

import { el, icon, iconButton } from "./dom.js";
import { appChannel, avatar, channel, directory, roleName } from "./directory.js";
import { t } from "./language.js";
import { menuButton } from "./popup.js";

const SHOWN = 4; // people beside each other; the others are in a menu

export class Sidebar {
  /** `be(user)`, `besides(user)` in a window of their own, `go(place)` with "home" or a channel id. */
  constructor({ be, besides, go }) {
    Object.assign(this, { be, besides, go });
    this.node = document.getElementById("sidebar");
    this.unread = new Set();
  }

  /** Drawn again only when it would look different: an open menu lives on. */
  draw(place) {
    const now = JSON.stringify([place, directory, [...this.unread]]);
    if (now === this.drawn) return;
    this.drawn = now;
    const focused = this.node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.node.replaceChildren(
      this.workspace(),
      this.people(),
      el(
        "nav",
        { "aria-label": t("Channels and conversations") },
        this.section(t("App"), [...this.home(place), ...this.apps(place)]),
        this.section(
          t("Channels"),
          this.of(["channel", "private"]).map((one) =>
            this.row(one.id, icon(one.type === "private" ? "lock" : "hash"), one.name, place),
          ),
        ),
        this.section(t("Direct messages"), this.colleagues(place)),
      ),
    );
    if (focused) this.node.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  workspace() {
    return el(
      "header",
      { class: "workspace" },
      el("span", { class: "workspace-mark", "aria-hidden": "true" }, (directory.team.name ?? "W")[0]),
      el("div", {}, el("h1", {}, directory.team.name ?? "Workspace"), el("p", {}, t("Local workspace, not Slack"))),
    );
  }

  people() {
    const inOrder = directory.people.toSorted((one, other) => Boolean(other.role) - Boolean(one.role));
    const shown = inOrder.slice(0, SHOWN);
    const others = inOrder.slice(SHOWN);
    const current = others.find(({ id }) => id === directory.me);
    if (current) shown.splice(-1, 1, current);
    return el(
      "section",
      { class: "people", "aria-label": t("Who you are") },
      el("div", { class: "people-head" }, el("h2", {}, t("You are")), others.length > 0 && this.others(inOrder, shown)),
      el(
        "div",
        { class: "people-row" },
        shown.map((one) => this.person(one)),
      ),
    );
  }

  others(everybody, shown) {
    const items = () =>
      everybody
        .filter((one) => !shown.includes(one))
        .map((one) => ({ label: one.name, hint: one.title, dataset: { user: one.id }, choose: () => this.be(one.id) }));
    return menuButton(iconButton("dots", t("Other people")), items, t("Other people"));
  }

  person(one) {
    const current = one.id === directory.me;
    const role = roleName(one);
    const besides = (event) => {
      event.preventDefault();
      this.besides(one.id);
    };
    return el(
      "button",
      {
        type: "button",
        class: "person",
        dataset: { user: one.id, role: one.role ?? "", key: one.id },
        "aria-pressed": String(current),
        title: t("{name}, {role}", { name: one.name, role }),
        onclick: (event) => (event.ctrlKey || event.metaKey ? besides(event) : this.be(one.id)),
        onauxclick: (event) => event.button === 1 && besides(event),
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
    return directory.app.has_home ? [this.row("home", icon("home"), t("Home"), place)] : [];
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
      waiting && place !== id && el("span", { class: "dot" }, el("span", { class: "hidden" }, t("unread"))),
    );
  }
}
