// Dialogs: one question with two answers, and the frame that modals live in.

import { el, uniqueId } from "./dom.js";
import { t } from "./language.js";
import { textNodes } from "./mrkdwn.js";

const ENABLED = ["button", "input", "textarea", "select"].map((tag) => `${tag}:not([disabled])`);
const FOCUSABLE = ["a[href]", ...ENABLED, '[tabindex="0"]', '[contenteditable="true"]'].join(", ");

/** Keep Tab inside a dialog: the browser alone would leave it for its own buttons. */
export function trapFocus(dialog) {
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const all = [...dialog.querySelectorAll(FOCUSABLE)].filter(
      (node) => node.tabIndex >= 0 && node.getClientRects().length,
    );
    if (!all.length) return;
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== edge && dialog.contains(document.activeElement)) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0]).focus();
  });
}

/** Ask as Slack's confirm dialog does; the focus starts on the harmless answer. Resolves to true or false. */
export function ask({ title, text, confirm, deny, style }) {
  return new Promise((resolve) => {
    const name = uniqueId("confirm");
    const no = el(
      "button",
      { type: "button", class: "button", autofocus: true, onclick: () => finish(false) },
      textNodes(deny ?? t("Cancel")),
    );
    const yes = el(
      "button",
      {
        type: "button",
        class: `button button-${style === "danger" ? "danger" : "primary"}`,
        onclick: () => finish(true),
      },
      textNodes(confirm ?? t("Yes")),
    );
    const dialog = el(
      "dialog",
      { class: "confirm", "aria-labelledby": name, role: "alertdialog" },
      el("h2", { id: name }, textNodes(title ?? t("Are you sure?"))),
      el("div", { class: "text" }, textNodes(text)),
      el("footer", {}, no, yes),
    );
    const before = document.activeElement;
    function finish(answer) {
      dialog.close();
      dialog.remove();
      before?.focus?.();
      resolve(answer);
    }
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      finish(false);
    });
    trapFocus(dialog);
    document.body.append(dialog);
    dialog.showModal();
  });
}
