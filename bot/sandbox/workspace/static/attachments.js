// What hangs below a message's own content: unfurled links and the older kind of attachments.

import { el } from "./dom.js";
import { blocks } from "./blocks.js";
import { avatar, directory } from "./directory.js";
import { t } from "./language.js";
import { image } from "./media.js";
import { link, mrkdwn } from "./mrkdwn.js";

export function attachment(given, surface) {
  const node = el(
    "div",
    { class: "attachment", dataset: { fromUrl: given.from_url } },
    given.pretext && el("div", { class: "text" }, mrkdwn(given.pretext)),
    given.blocks ? blocks(given.blocks, surface) : classic(given),
    given.is_app_unfurl &&
      el(
        "div",
        { class: "added-by" },
        avatar(directory.app.bot_user_id, "small"),
        t("Added by {app}", { app: directory.app.name }),
      ),
  );
  if (/^#?[0-9a-f]{6}$/i.test(given.color ?? ""))
    node.style.setProperty("border-inline-start-color", `#${given.color.replace("#", "")}`);
  return node;
}

function classic(given) {
  const by = given.author_name ?? given.service_name;
  const text = given.text ?? (given.title || given.fields ? "" : (given.fallback ?? ""));
  return el(
    "div",
    { class: given.thumb_url ? "with-thumb" : null },
    el(
      "div",
      {},
      by && el("div", { class: "author" }, given.author_link ? link(given.author_link, by) : by),
      given.title && el("strong", {}, given.title_link ? link(given.title_link, given.title) : given.title),
      text && el("div", { class: "text" }, mrkdwn(text)),
      given.fields && fields(given.fields),
    ),
    given.thumb_url && image({ image_url: given.thumb_url, alt_text: given.fallback ?? "" }, "picture-accessory"),
    given.image_url && image({ image_url: given.image_url, alt_text: given.fallback ?? given.title ?? "" }),
    given.footer && el("small", {}, given.footer),
  );
}

const fields = (given) =>
  el(
    "div",
    { class: "fields" },
    given.map((field) =>
      el(
        "div",
        { class: field.short ? "text" : "text wide" },
        el("strong", {}, field.title),
        "\n",
        mrkdwn(field.value ?? ""),
      ),
    ),
  );
