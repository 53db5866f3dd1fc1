// Blocks that frame others or tell of a piece of work: containers, cards, tasks, plans, videos, remote files.

import { el, icon } from "./dom.js";
import { t } from "./language.js";
import { image } from "./media.js";
import { link, textNodes, words } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const textOrWords = (text) => (typeof text === "string" ? text : textNodes(text));

/** `draw(blocks)` gives the nodes of the blocks inside. */
export function container(block, draw) {
  const title = [
    block.icon && image(block.icon, "picture-small"),
    el(
      "span",
      { class: "container-title" },
      el("strong", {}, block.rich_text_title ? richText(block.rich_text_title) : textNodes(block.title)),
      block.subtitle && el("small", {}, textNodes(block.subtitle)),
    ),
  ];
  const body = el("div", { class: "container-body" }, draw(block.child_blocks));
  const classes = `framed ${block.has_header_divider ? "divided" : ""} width-${block.width ?? "standard"}`;
  if (!block.is_collapsible) return el("div", { class: classes }, el("div", { class: "container-head" }, title), body);
  return el(
    "details",
    { class: classes, open: !block.default_collapsed },
    el("summary", { class: "container-head" }, title, icon("down")),
    body,
  );
}

/** `buttons(elements)` gives the nodes of the card's actions. */
export function card(block, buttons) {
  return el(
    "div",
    { class: "framed" },
    block.hero_image && image(block.hero_image, "picture-hero"),
    el(
      "div",
      { class: "card-head" },
      block.icon && image(block.icon, "picture-icon"),
      el(
        "div",
        {},
        block.title && el("strong", {}, textOrWords(block.title)),
        block.subtitle && el("small", {}, textOrWords(block.subtitle)),
      ),
    ),
    block.body && el("div", { class: "text" }, textOrWords(block.body)),
    block.subtext && el("small", {}, textOrWords(block.subtext)),
    block.actions && el("div", { class: "block-actions" }, buttons(block.actions)),
  );
}

const STATUS = {
  pending: ["clock", "Pending"],
  in_progress: ["dots", "In progress"],
  complete: ["check", "Complete"],
  error: ["alert", "Failed"],
};

export function task(block) {
  const [picture, name] = STATUS[block.status] ?? STATUS.pending;
  return el(
    "div",
    { class: `task task-${block.status ?? "pending"}` },
    el("span", { class: "task-status", role: "img", "aria-label": t(name), title: t(name) }, icon(picture)),
    el(
      "div",
      {},
      el("strong", {}, textOrWords(block.title ?? "")),
      block.details && richText(block.details),
      block.output && richText(block.output),
      block.sources?.length > 0 &&
        el(
          "div",
          { class: "sources" },
          block.sources.map(({ url, text }) => link(url, text ?? url)),
        ),
    ),
  );
}

export function plan(block) {
  return el("div", { class: "framed" }, el("strong", {}, textOrWords(block.title)), (block.tasks ?? []).map(task));
}

export function video(block) {
  const title = words(block.title) || block.alt_text;
  const by = [block.author_name, block.provider_name].filter(Boolean).join(" · ");
  return el(
    "div",
    { class: "framed" },
    el("strong", {}, link(block.title_url ?? block.video_url, title)),
    by && el("small", {}, by),
    block.description && el("div", { class: "text" }, textNodes(block.description)),
    el(
      "a",
      {
        class: "video-still",
        href: link(block.video_url).href ?? null,
        target: "_blank",
        rel: "noopener noreferrer",
        "aria-label": t("Video: {title}", { title }),
      },
      image({ image_url: block.thumbnail_url, alt_text: block.alt_text }, "picture-video"),
      el("span", { class: "video-play" }, icon("play")),
    ),
  );
}

export function remoteFile(block) {
  return el(
    "div",
    { class: "file" },
    el("span", { class: "file-kind" }, icon("file")),
    el("span", { class: "file-words" }, el("strong", {}, block.external_id), el("small", {}, block.source)),
  );
}
