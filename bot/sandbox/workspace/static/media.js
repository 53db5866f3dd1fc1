// Pictures. Nothing is fetched from other hosts: such a picture is shown as its description with a link.

import { el, icon } from "./dom.js";
import { t } from "./language.js";
import { link } from "./mrkdwn.js";

const LOCAL = new Set([location.hostname, "127.0.0.1", "localhost"]);

export function image(given, className = "picture") {
  const address = given.image_url ?? given.slack_file?.url ?? "";
  const alt = given.alt_text ?? "";
  const shown = typeof className === "string" ? className : "picture-accessory";
  if (!isLocal(address)) return placeholder(address, alt, shown);
  const node = el("img", {
    class: shown,
    src: address,
    alt,
    loading: "lazy",
    onerror: () => node.replaceWith(placeholder(address, alt, shown)),
  });
  return node;
}

function isLocal(address) {
  if (address.startsWith("data:image/")) return true;
  try {
    return LOCAL.has(new URL(address, location.href).hostname);
  } catch {
    return false;
  }
}

function placeholder(address, alt, shown) {
  const node = el(
    "span",
    { class: `${shown} picture-elsewhere`, role: "img", "aria-label": alt, title: `${alt}\n${address}` },
    icon("picture"),
    el("span", {}, alt),
  );
  if (shown === "picture") node.append(link(address, t("Open")));
  return node;
}
