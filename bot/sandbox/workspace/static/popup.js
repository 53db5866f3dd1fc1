// Things that open beside a control and close again: lists and menus.

import { el, uniqueId } from "./dom.js";

const GAP = 4;
const LEAST_WIDTH = 380; // of a list whose control is narrower

/** Show `panel` (a popover) under `anchor`, or above it where there is more room. Returns a function that closes it. */
export function openBeside(anchor, panel, { onclose = () => {}, alignEnd = false, sameWidth = false } = {}) {
  if (!panel.isConnected) anchor.after(panel);
  panel.showPopover();
  const place = () => position(anchor, panel, alignEnd, sameWidth);
  place();
  const outside = (event) => {
    if (!panel.contains(event.target) && !anchor.contains(event.target)) close();
  };
  const watcher = new ResizeObserver(place);
  watcher.observe(panel);
  document.addEventListener("pointerdown", outside, true);
  window.addEventListener("scroll", place, true);
  window.addEventListener("resize", place);
  let open = true;
  function close() {
    if (!open) return;
    open = false;
    watcher.disconnect();
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("scroll", place, true);
    window.removeEventListener("resize", place);
    if (panel.isConnected) panel.hidePopover();
    onclose();
  }
  return close;
}

function position(anchor, panel, alignEnd, sameWidth) {
  const at = anchor.getBoundingClientRect();
  const below = innerHeight - at.bottom - 2 * GAP;
  const above = at.top - 2 * GAP;
  if (sameWidth) panel.style.setProperty("width", `${Math.min(Math.max(at.width, LEAST_WIDTH), innerWidth - 2 * GAP)}px`);
  panel.style.setProperty("max-height", `${Math.min(320, Math.max(below, above))}px`);
  const height = panel.offsetHeight;
  const top = height <= below || below >= above ? at.bottom + GAP : at.top - GAP - height;
  const left = alignEnd ? at.right - panel.offsetWidth : at.left;
  panel.style.setProperty("top", `${Math.max(GAP, top)}px`);
  panel.style.setProperty("left", `${Math.max(GAP, Math.min(left, innerWidth - panel.offsetWidth - GAP))}px`);
}

/**
 * A button that opens a menu. `items()` gives `{label: node or text, hint?, choose}` each time it opens;
 * arrow keys move, Enter chooses, Esc and Tab close and give the focus back.
 */
export function menuButton(button, items, label) {
  let close = null;
  const panel = el("div", {
    class: "popup menu",
    popover: "manual",
    role: "menu",
    id: uniqueId("menu"),
    "aria-label": label,
  });
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  const shut = (refocus) => {
    close?.();
    if (refocus) button.focus();
  };
  const rows = () => [...panel.querySelectorAll('[role="menuitem"]')];
  const move = (step) => {
    const all = rows();
    all.at((all.indexOf(document.activeElement) + step) % all.length)?.focus();
  };
  const open = () => {
    panel.replaceChildren(
      ...items().map((item) =>
        el(
          "button",
          {
            type: "button",
            role: "menuitem",
            tabindex: "-1",
            class: item.danger ? "danger" : null,
            dataset: item.dataset,
            onclick: () => {
              shut(true);
              item.choose();
            },
          },
          item.label,
          item.hint && el("small", {}, item.hint),
        ),
      ),
    );
    close = openBeside(button, panel, {
      alignEnd: true,
      onclose: () => {
        close = null;
        button.setAttribute("aria-expanded", "false");
        panel.remove();
      },
    });
    button.setAttribute("aria-expanded", "true");
    rows()[0]?.focus();
  };
  button.addEventListener("click", () => (close ? shut(true) : open()));
  panel.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      move(steps[event.key]);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      rows().at(event.key === "Home" ? 0 : -1)?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      shut(true);
    }
  });
  return button;
}
