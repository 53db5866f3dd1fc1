// Tables: the plain one, and the data table with pages and sorting.

import { el, icon, iconButton } from "./dom.js";
import { t } from "./language.js";
import { richText } from "./richtext.js";
import { me } from "./directory.js";

const PAGE_ROWS = 10;

const cellContent = (value) =>
  value?.type === "rich_text" ? richText(value) : String(value?.text ?? value?.value ?? "");

const frame = (name, ...children) =>
  el("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": name }, children);

export function table(block) {
  const settings = block.column_settings ?? [];
  const cell = (tag) => (value, column) => {
    const { align, is_wrapped: wrapped } = settings[column] ?? {};
    const shape = `align-${align ?? "left"} ${wrapped ? "" : "nowrap"}`;
    return el(tag, { class: shape, scope: tag === "th" ? "col" : null }, cellContent(value));
  };
  const [head = [], ...rows] = block.rows ?? [];
  return frame(
    t("Table"),
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, head.map(cell("th")))),
      el(
        "tbody",
        {},
        rows.map((row) => el("tr", {}, row.map(cell("td")))),
      ),
    ),
  );
}

/** A table with a caption; its columns sort, and long ones have pages. */
export function dataTable(block) {
  const [head = [], ...rows] = block.rows ?? [];
  const size = block.page_size ?? PAGE_ROWS;
  const shown = { page: 0, column: null, descending: false };
  const body = el("tbody");
  const headers = head.map((value, column) => sortingHeader(value, () => sort(column)));
  const back = iconButton("back", t("Previous page"), () => turn(-1));
  const on = iconButton("next", t("Next page"), () => turn(1));
  const where = el("span", { role: "status" });

  function sort(column) {
    shown.descending = shown.column === column && !shown.descending;
    Object.assign(shown, { column, page: 0 });
    draw();
  }

  function turn(step) {
    shown.page += step;
    draw();
  }

  function draw() {
    const sorted = shown.column === null ? rows : rows.toSorted(byColumn(shown.column, shown.descending));
    const first = shown.page * size;
    const some = sorted.slice(first, first + size);
    const cells = (row) => row.map((value, column) => cell(value, column === block.row_header_column_index));
    body.replaceChildren(...some.map((row) => el("tr", {}, cells(row))));
    headers.forEach((header, column) =>
      header.setAttribute(
        "aria-sort",
        column !== shown.column ? "none" : shown.descending ? "descending" : "ascending",
      ),
    );
    back.disabled = shown.page === 0;
    on.disabled = first + size >= rows.length;
    where.textContent = t("{first}–{last} of {n}", { first: first + 1, last: first + some.length, n: rows.length });
  }

  draw();
  return el(
    "div",
    {},
    frame(
      block.caption,
      el("table", {}, el("caption", {}, block.caption), el("thead", {}, el("tr", {}, headers)), body),
    ),
    rows.length > size && el("div", { class: "pages" }, where, back, on),
  );
}

function sortingHeader(value, onclick) {
  return el(
    "th",
    { scope: "col", class: value?.type === "raw_number" ? "align-right" : null },
    el("button", { type: "button", onclick }, cellContent(value), icon("down")),
  );
}

function cell(value, isHeader) {
  const shape = value?.type === "raw_number" ? "align-right" : null;
  return el(isHeader ? "th" : "td", { class: shape, scope: isHeader ? "row" : null }, cellContent(value));
}

function byColumn(column, descending) {
  const compare = new Intl.Collator(me()?.locale, { numeric: true }).compare;
  const plain = (row) => row[column]?.value ?? row[column]?.text ?? richText(row[column] ?? {}).textContent;
  return (one, other) => {
    const [a, b] = [plain(one), plain(other)];
    const order = typeof a === "number" && typeof b === "number" ? a - b : compare(String(a), String(b));
    return descending ? -order : order;
  };
}
