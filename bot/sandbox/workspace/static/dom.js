// Building the page out of nodes. Data only ever becomes text nodes and attributes, never markup.

import { t } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, `on...` listeners, `dataset` and children; null, false and undefined are left out. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "dataset")
    Object.entries(value).forEach(([key, item]) => item !== undefined && (node.dataset[key] = item));
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : value);
}

const ICONS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h17M3 15h17",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5 11h14v9H5z",
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  send: "M4 12 20 4l-5 16-3-7z",
  eye: "M2 12s4-6 10-6 10 6 10 6-4 6-10 6S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  down: "M6 9l6 6 6-6",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  bolt: "M13 3 5 13h6l-1 8 8-10h-6z",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  moon: "M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  menu: "M4 7h16M4 12h16M4 17h16",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  play: "M8 5l11 7-11 7z",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  check: "M5 12l5 5L20 7",
  reply: "M9 6 4 11l5 5M4 11h9a6 6 0 0 1 6 6v2",
  alert: "M12 3 2 20h20zM12 10v4M12 17v.01",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 4M15.5 9v.01",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  upload: "M12 16V5M7 9l5-5 5 5M4 20h16",
  window: "M4 5h16v14H4zM4 9h16",
  at: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM16 8v5.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.5 7.1",
  slash: "M16 4 8 20",
  thumbup: "M7 11v9H4v-9zM7 11l4-8c1.7 0 2.5 1 2.5 2.5L13 9h6a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.8 20H7",
  thumbdown: "M7 13V4H4v9zM7 13l4 8c1.7 0 2.5-1 2.5-2.5L13 15h6a2 2 0 0 0 2-2.3l-1.2-7A2 2 0 0 0 17.8 4H7",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  dots: "M5.5 12v.01M12 12v.01M18.5 12v.01",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
  next: "M9 5l7 7-7 7",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.5v.01",
};

/** A small line drawing, hidden from screen readers: the control beside it carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only a picture; `label` is its name and its tooltip. */
export function iconButton(name, label, onclick, properties = {}) {
  return el(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...properties },
    icon(name),
  );
}

let lastId = 0;

/** An id for `aria-labelledby` and friends, unique on this page. */
export function uniqueId(prefix = "n") {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

export function spinner(label = t("Loading")) {
  return el("span", { class: "spinner", role: "status", "aria-label": label });
}

export function debounce(action, milliseconds) {
  let timer;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), milliseconds);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

const announcer = () => document.getElementById("announcer");

/** Say something to screen readers without showing it. */
export function announce(text) {
  announcer().textContent = text;
}

/** A short notice at the bottom; errors stay longer. */
export function toast(text, kind = "info") {
  const node = el(
    "div",
    { class: `toast toast-${kind}`, role: kind === "error" ? "alert" : "status", popover: "manual" },
    icon(kind === "error" ? "alert" : "info"),
    el("span", {}, text),
  );
  const host = document.querySelector("dialog[open]") ?? document.body;
  host.append(node);
  node.showPopover();
  setTimeout(() => node.remove(), kind === "error" ? 8000 : 3500);
}
