// Files: shared in messages, and chosen in a file input.

import { el, icon, iconButton, spinner } from "./dom.js";
import { api } from "./api.js";
import { directory, me } from "./directory.js";
import { t, translated } from "./language.js";

const LARGEST_BYTES = 10 * 1024 * 1024; // of a file input
const PICTURE = /^image\/(png|jpeg|gif|webp|avif|svg\+xml)$/;
const KINDS = { pdf: "red", csv: "green", xlsx: "green", xls: "green", doc: "blue", docx: "blue", txt: "gray" };

/** The address on this page's own host: the workspace may know itself by another name. */
function local(address) {
  try {
    return new URL(address, location.href).pathname;
  } catch {
    return null;
  }
}

export function size(bytes) {
  const [unit, factor] = bytes >= 1e6 ? ["MB", 1e6] : bytes >= 1e3 ? ["kB", 1e3] : ["B", 1];
  const digits = { maximumFractionDigits: factor > 1 && bytes / factor < 10 ? 1 : 0 };
  return `${new Intl.NumberFormat(me()?.locale, digits).format(bytes / factor)} ${unit}`;
}

const nameOf = (file) => file.title || file.name || file.id;

const badge = (file) =>
  el(
    "span",
    { class: `file-kind kind-${KINDS[file.filetype] ?? "plain"}`, "aria-hidden": "true" },
    file.filetype && file.filetype.length <= 4 ? file.filetype.toUpperCase() : icon("file"),
  );

function download(file) {
  const address = local(file.url_private_download ?? file.url_private);
  if (!address) return null;
  const name = t("Download {name}", { name: nameOf(file) });
  return el(
    "a",
    { class: "icon-button", href: address, download: file.name ?? "", "aria-label": name, title: name },
    icon("download"),
  );
}

const about = (file) =>
  el(
    "span",
    { class: "file-words" },
    el("strong", {}, nameOf(file)),
    el("small", {}, [file.pretty_type, Number.isFinite(file.size) && size(file.size)].filter(Boolean).join(" · ")),
  );

/** A file in a message: a picture is shown, anything else is a card; both can be downloaded. */
export function sharedFile(file) {
  const address = PICTURE.test(file.mimetype ?? "") && local(file.url_private);
  const dataset = { fileId: file.id };
  if (!address) return el("div", { class: "file", dataset }, badge(file), about(file), download(file));
  return el(
    "figure",
    { class: "file-picture", dataset },
    el("figcaption", {}, about(file), download(file)),
    el("img", { src: address, alt: file.alt_txt || nameOf(file), loading: "lazy" }),
  );
}

/** A file input: each file is uploaded when it is chosen or dropped, and its id is what is submitted. */
export function fileInput(given, at, surface) {
  const most = given.max_files ?? 10;
  const { kept, state } = surface.recall(at, given);
  let chosen = kept ?? state ?? [];
  const list = el("ul", { class: "files", "aria-label": t("Files") });
  const trouble = el("div", { class: "error", role: "alert", hidden: true });
  const field = el("input", {
    type: "file",
    class: "file-field",
    multiple: most > 1,
    accept: (given.filetypes ?? []).map((one) => `.${one}`).join(",") || null,
    ...at.attributes,
    onchange: () => take([...field.files]),
  });
  const drop = el(
    "label",
    {
      class: "drop",
      ondragover: (event) => event.preventDefault(),
      ondrop: (event) => {
        event.preventDefault();
        take([...event.dataTransfer.files]);
      },
    },
    field,
    icon("upload"),
    el("span", { class: "drop-words" }, most > 1 ? t("Choose files") : t("Choose a file")),
    el("span", { class: "drop-hint" }, t("or drop here")),
  );

  const plain = () => chosen.map(({ id }) => ({ id }));
  const say = (problem) => {
    trouble.hidden = !problem;
    trouble.replaceChildren(...(problem ? [icon("alert"), problem] : []));
  };
  const keep = (files) => {
    chosen = files;
    show();
    surface.change(at, given, chosen, plain());
  };
  const remove = (file) => {
    keep(chosen.filter(({ id }) => id !== file.id));
    field.focus();
  };
  const show = () =>
    list.replaceChildren(
      ...chosen.map((file) =>
        el(
          "li",
          { dataset: { fileId: file.id } },
          badge(file),
          about(file),
          iconButton("close", t("Remove {name}", { name: nameOf(file) }), () => remove(file)),
        ),
      ),
    );

  /** Files beyond the limit, of a wrong type or too large are refused before anything is sent. */
  function take(files) {
    field.value = "";
    const problem = wrongWith(given, files, most === 1 ? 0 : chosen.length);
    say(problem);
    if (!problem) surface.waitsFor(send(files));
  }

  async function send(files) {
    list.append(...files.map((file) => el("li", { class: "uploading" }, spinner(t("Uploading…")), file.name)));
    const answers = await Promise.all(files.map((file) => api.upload(directory.me, file)));
    const failed = answers.find(({ error }) => error);
    if (failed) say(translated(failed.error));
    keep([...(most === 1 ? [] : chosen), ...answers.flatMap((answer) => answer.files ?? [])]);
  }

  surface.holds(at, kept, plain());
  show();
  return el("div", { class: "text-field column" }, drop, trouble, list);
}

function wrongWith(given, files, already) {
  const most = given.max_files ?? 10;
  const types = (given.filetypes ?? []).map((one) => one.toLowerCase());
  if (already + files.length > most) return t("At most {n} files", { n: most });
  for (const { name, size: bytes } of files) {
    if (bytes > LARGEST_BYTES) return t("{name} has more than 10 MB", { name });
    if (types.length && !types.includes(name.split(".").at(-1).toLowerCase()))
      return t("{name} is none of: {types}", { name, types: types.join(", ") });
  }
  return null;
}
