// The page put together: who one is, where one is, and everything kept up to date.

import { announce, debounce, el, icon, iconButton, toast } from "./dom.js";
import { api, listen } from "./api.js";
import { Conversation } from "./conversation.js";
import { ask } from "./dialog.js";
import {
  appChannel,
  avatar,
  channel,
  channelName,
  directory,
  isApp,
  loadChannels,
  loadDirectory,
  me,
  person,
} from "./directory.js";
import { Home } from "./home.js";
import { Inspector } from "./inspector.js";
import { speak, t, translated } from "./language.js";
import { Modals } from "./modals.js";
import { menuButton } from "./popup.js";
import { Sidebar } from "./sidebar.js";
import { startTheme, themeButton } from "./theme.js";

const FACES = 3; // of a channel's members
const page = { place: null };
const main = document.getElementById("main");
const head = document.getElementById("head");
const stage = document.getElementById("stage");

const refresh = async ({ unexpected } = {}) => {
  await Promise.all([refreshScreen(unexpected), conversation.load()]);
};
const modals = new Modals(refresh);
const sidebar = new Sidebar({ be, besides, go });
let home;
let conversation;
let inspector;

/** The parts whose words are written once: made anew for another language. */
function build() {
  const open = inspector?.open ?? false;
  home = new Home(refresh);
  conversation = new Conversation(async () => refresh());
  inspector = new Inspector(() => showInspector(false));
  inspector.node.addEventListener("keydown", (event) => event.key === "Escape" && showInspector(false));
  inspector.toggle(open);
  modals.drawn = null;
  modals.shownId = null;
  document.getElementById("side").replaceChildren(conversation.aside, inspector.node);
  document.getElementById("sidebar").setAttribute("aria-label", t("Workspace"));
  document.getElementById("reset").textContent = t("Start anew");
  document.getElementById("offline").textContent = t("The local workspace does not answer. Trying again…");
}

let screenAsked = 0;

async function refreshScreen(unexpected) {
  const turn = ++screenAsked;
  const user = directory.me;
  const screen = await api.screen(user);
  if (turn !== screenAsked || user !== directory.me) return;
  if (screen.error) return void toast(screen.error, "error");
  // Trouble that the modal itself tells of needs no second notice.
  if (unexpected && !screen.notice) toast(translated(unexpected), "error");
  modals.show(screen);
  home.show(screen.home);
}

/** Become another person: other channels, another Home, other modals. */
async function be(user) {
  directory.me = user;
  if (speak(me().locale) || !home) build();
  await loadChannels();
  home.forget();
  sidebar.unread.clear();
  if (page.place === "home" || channel(page.place)?.type === undefined)
    page.place = page.place === "home" ? "home" : firstChannel();
  announce(t("You are {name}", { name: me().name }));
  document.title = `${me().first_name ?? me().name} · ${directory.team.name} (local)`;
  await go(page.place);
}

/** Two people at once: a second window for another one, at the same place. */
function besides(user) {
  const address = new URL(location.href);
  address.searchParams.set("as", user);
  window.open(address, "_blank", "noopener");
}

const firstChannel = () =>
  directory.channels.find(({ type }) => type === "channel")?.id ?? directory.channels[0]?.id ?? "home";

async function go(place) {
  page.place = place;
  if (place !== "home") directory.here = place;
  sidebar.unread.delete(place);
  fold();
  const address = new URL(location.href);
  address.searchParams.set("as", directory.me);
  address.searchParams.set("in", place);
  history.replaceState(null, "", address);
  draw();
  if (place === "home") {
    conversation.openThread(null);
    const { error } = await api.act(directory.me, "home", {});
    if (error) toast(translated(error), "error");
    await refreshScreen();
    return;
  }
  await Promise.all([conversation.show(place), refreshScreen()]);
  if (matchMedia("(pointer: fine)").matches && !modals.dialog.open) conversation.composer.focus();
}

/** On narrow windows the sidebar comes and goes; the focus goes with it. */
function unfold() {
  document.body.classList.add("sidebar-open");
  document.querySelector("#sidebar [aria-current]")?.focus();
}

function fold() {
  if (!document.body.classList.contains("sidebar-open")) return;
  document.body.classList.remove("sidebar-open");
  document.querySelector(".menu-button")?.focus();
}

function draw() {
  sidebar.draw(page.place);
  const inApp = page.place === "home" || page.place === appChannel()?.id;
  head.replaceChildren(
    iconButton("menu", t("Menu"), () => unfold(), { class: "icon-button menu-button" }),
    ...(inApp ? appHead() : channelHead()),
    el("span", { class: "spring" }),
    el("span", { class: "not-slack narrow-only" }, t("Not Slack")),
    you(),
    iconButton("pulse", t("Inspector"), () => showInspector(), {
      "aria-expanded": String(inspector.open),
      class: "icon-button inspector-button",
    }),
    themeButton(),
  );
  stage.replaceChildren(page.place === "home" ? home.node : conversation.node);
}

function appHead() {
  const own = appChannel();
  const tab = (place, label) =>
    el(
      "button",
      {
        type: "button",
        role: "tab",
        "aria-selected": String(page.place === place),
        dataset: { tab: place === "home" ? "home" : "messages" },
        tabindex: page.place === place ? "0" : "-1",
        onclick: () => go(place),
        onkeydown: (event) => besideTab(event),
      },
      label,
    );
  return [
    avatar(directory.app.bot_user_id),
    el("h2", {}, directory.app.name, " ", el("span", { class: "badge" }, t("APP"))),
    el(
      "div",
      { class: "tabs", role: "tablist", "aria-label": directory.app.name },
      directory.app.has_home && tab("home", t("Home")),
      own && tab(own.id, t("Messages")),
    ),
  ];
}

/** Arrow keys go from tab to tab, as the ARIA Authoring Practices want it. */
async function besideTab(event) {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const other = [...event.currentTarget.parentNode.children].find((one) => one !== event.currentTarget);
  if (!other) return;
  const { tab } = other.dataset;
  other.click();
  head.querySelector(`[data-tab="${tab}"]`)?.focus();
}

/** Who one is, and the way to a second window as somebody else. */
function you() {
  const name = t("Open in a window of one's own");
  const items = () =>
    directory.people.map((one) => ({
      label: one.name,
      hint: one.title,
      dataset: { user: one.id },
      choose: () => besides(one.id),
    }));
  const button = el(
    "button",
    { type: "button", class: "you", title: name },
    avatar(directory.me, "small"),
    el("span", {}, me().name),
    icon("window"),
    el("span", { class: "hidden" }, `. ${name}`),
  );
  return menuButton(button, items, name);
}

function channelHead() {
  const here = channel(page.place);
  const members = here?.members ?? [];
  const people = members.filter((id) => !isApp(id));
  return [
    el(
      "h2",
      {},
      here?.type !== "im" && icon(here?.type === "private" ? "lock" : "hash"),
      el("span", {}, channelName(page.place)),
    ),
    here?.topic && el("p", { class: "topic" }, here.topic),
    el(
      "span",
      { class: "members", role: "img", "aria-label": t("{n} members", { n: members.length }) },
      people.slice(0, FACES).map((id) => avatar(id, "small")),
      el("span", {}, String(members.length)),
    ),
  ];
}

function showInspector(open = !inspector.open) {
  inspector.toggle(open);
  document.querySelector(".inspector-button")?.setAttribute("aria-expanded", String(open));
  if (!open) document.querySelector(".inspector-button")?.focus();
}

const soon = {
  screen: debounce(() => refreshScreen(), 30),
  messages: debounce(() => conversation.load(), 30),
  channels: debounce(async () => {
    await loadChannels();
    sidebar.draw(page.place);
  }, 60),
};

function heard({ changed = [], user, channel: where }) {
  if (changed.includes("log") && inspector.open) inspector.load();
  if (user && user !== directory.me) return;
  if (changed.includes("screen") || changed.includes("home")) soon.screen();
  if (!changed.includes("messages")) return;
  if (where && where !== conversation.id) {
    sidebar.unread.add(where);
    soon.channels();
  } else soon.messages();
}

/** After a time without listening even the workspace may be another one: started again, with another app. */
async function catchUp() {
  await loadDirectory();
  await loadChannels();
  sidebar.draw(page.place);
  if (inspector.open) inspector.load();
  await refresh();
}

async function reset() {
  const sure = await ask({
    title: { type: "plain_text", text: t("Start the workspace anew?") },
    text: { type: "plain_text", text: t("All messages, modals and Homes go. The app's own data stays.") },
    confirm: { type: "plain_text", text: t("Start anew") },
    style: "danger",
  });
  if (!sure) return;
  await api.reset();
  await go(page.place);
}

async function start() {
  startTheme();
  document.getElementById("reset").addEventListener("click", reset);
  document.getElementById("scrim").addEventListener("click", fold);
  document.addEventListener("keydown", (event) => event.key === "Escape" && fold());
  await loadDirectory();
  const wanted = new URL(location.href).searchParams;
  const as = wanted.get("as");
  const role = as && directory.people.find((one) => one.role === as)?.id; // some people have no role
  const user = person(as)?.id || role || directory.people[0]?.id;
  if (!user) return void main.replaceChildren(el("p", { class: "empty" }, t("This workspace has no people.")));
  page.place = wanted.get("in");
  await be(user);
  listen(heard, (lost) => {
    document.getElementById("offline").hidden = !lost;
    // Whatever happened while nobody listened, also between loading and listening, is caught up with.
    if (!lost) catchUp();
  });
}

start();
