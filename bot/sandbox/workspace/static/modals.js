// Modals: the stack of views of one person, of which the top one is shown in a dialog.

import { el, iconButton, icon, uniqueId } from "./dom.js";
import { api } from "./api.js";
import { blocks } from "./blocks.js";
import { trapFocus } from "./dialog.js";
import { directory, avatar } from "./directory.js";
import { t, translated } from "./language.js";
import { textNodes, words } from "./mrkdwn.js";
import { replaceKeepingFocus } from "./redraw.js";
import { Surface, busy } from "./surface.js";

export class Modals {
  /** `refresh` fetches the screen again; it is awaited after everything that is done here. */
  constructor(refresh) {
    this.refresh = refresh;
    this.surfaces = new Map();
    this.drawn = null;
    this.views = [];
    const title = uniqueId("title");
    this.title = el("h2", { id: title, tabindex: "-1" });
    this.body = el("div", { class: "modal-body" });
    this.form = el("form", {
      class: "modal-form",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        this.submit();
      },
    });
    this.dialog = el("dialog", { class: "modal", "aria-labelledby": title }, this.form);
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    trapFocus(this.dialog);
    document.body.append(this.dialog);
  }

  get top() {
    return this.views.at(-1);
  }

  /** Show the stack as the server has it; draws only what changed. */
  show({ views = [], errors = {}, notice = null }) {
    this.views = views;
    for (const id of this.surfaces.keys()) if (!views.some((view) => view.id === id)) this.surfaces.delete(id);
    if (!this.top) return this.vanish();
    const surface = this.surface(this.top);
    surface.errors = errors ?? {};
    surface.state = this.top.state?.values ?? {};
    const { title, submit, close, blocks: list } = this.top;
    const now = JSON.stringify([this.top.id, views.length, title, submit, close, list, errors, notice]);
    if (now !== this.drawn) this.draw(surface, notice, this.shownId !== this.top.id);
    this.drawn = now;
    return undefined;
  }

  vanish() {
    this.drawn = null;
    this.shownId = null;
    if (!this.dialog.open) return;
    this.dialog.close();
    if (this.opener?.isConnected) this.opener.focus();
  }

  surface(view) {
    if (!this.surfaces.has(view.id))
      this.surfaces.set(
        view.id,
        new Surface({
          kind: "modal",
          where: { surface: "modal" },
          after: () => this.refresh(),
          settled: () => {
            this.drawn = null;
          },
        }),
      );
    return this.surfaces.get(view.id);
  }

  draw(surface, notice, isNew) {
    const view = this.top;
    const fresh = isNew || !this.dialog.open;
    surface.inputs.clear();
    this.dialog.dataset.viewId = view.id;
    this.dialog.dataset.callbackId = view.callback_id ?? "";
    this.title.replaceChildren(...textNodes(view.title));
    const content = [
      notice && el("div", { class: "notice", role: "alert" }, icon("alert"), translated(notice)),
      ...blocks(view.blocks, surface),
    ];
    if (fresh) this.body.scrollTop = 0;
    if (fresh) this.body.replaceChildren(...content.filter(Boolean));
    else replaceKeepingFocus(this.body, content);
    if (fresh || !this.form.isConnected || !this.form.hasChildNodes()) this.frame(view);
    else this.foot(view);
    this.shownId = view.id;
    if (!this.dialog.open) {
      this.opener = document.activeElement;
      this.dialog.showModal();
    }
    if (fresh) this.focusFirst();
    this.focusError(surface);
  }

  frame(view) {
    const deep = this.views.length > 1;
    this.form.replaceChildren(
      el(
        "header",
        { class: "modal-head" },
        deep
          ? iconButton("back", t("Back"), () => this.close(), { class: "icon-button modal-back" })
          : avatar(directory.app.bot_user_id),
        this.title,
        iconButton("close", t("Close"), () => this.close({ all: true }), { class: "icon-button modal-x" }),
      ),
      this.body,
      (this.footer = el("footer", { class: "modal-foot" })),
    );
    this.foot(view);
  }

  foot(view) {
    const had = this.footer.contains(document.activeElement) ? document.activeElement.className : null;
    this.footer.replaceChildren(
      el("span", { class: "modal-app" }, directory.app.name),
      el(
        "button",
        { type: "button", class: "button modal-close", onclick: () => this.close() },
        view.close ? textNodes(view.close) : this.views.length > 1 ? t("Back") : t("Close"),
      ),
      ...(view.submit
        ? [el("button", { type: "submit", class: "button button-primary modal-submit" }, textNodes(view.submit))]
        : []),
    );
    if (had) [...this.footer.children].find((node) => node.className === had)?.focus();
  }

  focusFirst() {
    const first =
      this.body.querySelector("[autofocus]") ??
      this.body.querySelector(".block-input :is(input, textarea, [contenteditable])");
    (first ?? this.title).focus({ preventScroll: !first });
  }

  focusError(surface) {
    if (!Object.keys(surface.errors).length) return;
    const wrong = this.body.querySelector('[aria-invalid="true"]');
    const field = wrong?.matches("input, textarea, [contenteditable]") ? wrong : wrong?.querySelector("input");
    field?.focus();
    wrong?.closest(".block")?.scrollIntoView({ block: "nearest" });
  }

  async submit() {
    const button = this.footer.querySelector(".modal-submit");
    if (!button || button.hasAttribute("aria-busy")) return;
    const surface = this.surface(this.top);
    const done = busy(button);
    await surface.uploads();
    const answer = await api.act(directory.me, "submit", { values: surface.entered(this.top.blocks) });
    done();
    await this.refresh({ unexpected: answer.error });
  }

  async close(how = {}) {
    await api.act(directory.me, "close", how);
    await this.refresh();
  }

  get name() {
    return this.top ? words(this.top.title) : "";
  }
}
