// The mailbox's page: a list, a reading pane, live by server-sent events. Data only ever becomes text nodes and attributes.

const state = { mails: [], open: null, show: "html", search: "" };
const $ = (id) => document.getElementById(id);

function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function matches(mail) {
  const text = `${mail.from} ${mail.to} ${mail.subject} ${mail.text}`.toLowerCase();
  return text.includes(state.search.toLowerCase());
}

function drawList() {
  const shown = state.mails.filter(matches);
  const none = state.mails.length ? "No mail matches." : "No mails yet. Whatever is sent appears here at once.";
  $("mails").replaceChildren(
    ...shown.map((mail) =>
      el(
        "li",
        {},
        el(
          "button",
          {
            class: "mail",
            type: "button",
            "data-mail-id": mail.id,
            "aria-current": String(mail.id === state.open),
            onclick: () => open(mail.id),
          },
          el("span", { class: "to" }, mail.to || "(nobody)"),
          el("time", { datetime: mail.received }, clock.format(new Date(mail.received))),
          el("span", { class: "subject" }, mail.subject || "(no subject)"),
          el("span", { class: "start" }, mail.text.slice(0, 120) || (mail.html ? "HTML" : "")),
        ),
      ),
    ),
    ...(shown.length ? [] : [el("li", { class: "empty" }, none)]),
  );
}

function body(mail, show) {
  if (show === "html") {
    return el("iframe", {
      class: "body",
      title: "The mail's HTML",
      sandbox: "allow-popups allow-popups-to-escape-sandbox",
      referrerpolicy: "no-referrer",
      src: `/mails/${mail.id}/html`,
    });
  }
  const text =
    show === "text"
      ? mail.text || "(no plain text in this mail)"
      : mail.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return el("pre", { class: "body", tabindex: "0" }, text);
}

function tab(name, label, show) {
  return el(
    "button",
    {
      type: "button",
      "aria-pressed": String(show === name),
      onclick: () => {
        state.show = name;
        drawReader();
      },
    },
    label,
  );
}

function drawReader() {
  const mail = state.mails.find(({ id }) => id === state.open);
  document.body.classList.toggle("reading", Boolean(mail));
  if (!mail) {
    $("reader").replaceChildren(el("p", { class: "empty" }, "Choose a mail to read it."));
    return;
  }
  const show = state.show === "html" && !mail.html ? "text" : state.show;
  const field = (name, value) => [el("dt", {}, name), el("dd", {}, value)];
  $("reader").replaceChildren(
    el("button", { class: "back", type: "button", onclick: () => open(null) }, "‹ All mails"),
    el("h2", {}, mail.subject || "(no subject)"),
    el(
      "dl",
      { class: "meta" },
      ...field("From", mail.from),
      ...field("To", mail.to),
      ...field("Delivered to", mail.envelope_to.join(", ")),
      ...field("Received", `${calendar.format(new Date(mail.received))} · ${size(mail.size)}`),
    ),
    el(
      "div",
      { class: "tabs", role: "group", "aria-label": "Show as" },
      ...(mail.html ? [tab("html", "HTML", show)] : []),
      tab("text", "Plain text", show),
      tab("headers", "Headers", show),
    ),
    ...(mail.attachments.length
      ? [
          el(
            "ul",
            { class: "files", "aria-label": "Attachments" },
            ...mail.attachments.map((file) =>
              el(
                "li",
                {},
                el(
                  "a",
                  { href: `/mails/${mail.id}/attachments/${file.number}`, download: file.name },
                  `📎 ${file.name}`,
                  el("small", {}, size(file.size)),
                ),
              ),
            ),
          ),
        ]
      : []),
    body(mail, show),
  );
}

function open(id) {
  state.open = id;
  drawList();
  drawReader();
  if (id !== null) $("reader").focus({ preventScroll: true });
}

async function load() {
  const response = await fetch("/control/mails");
  state.mails = await response.json();
  drawList();
  // A mail that is being read is not drawn again: that would reload its HTML and lose the place.
  if (!state.mails.some(({ id }) => id === state.open) || !$("reader").hasChildNodes()) drawReader();
}

$("search").addEventListener("input", (event) => {
  state.search = event.target.value;
  drawList();
});
$("clear").addEventListener("click", () => fetch("/control/mails", { method: "DELETE" }));
$("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
new EventSource("/control/events").addEventListener("message", load);
drawReader();
