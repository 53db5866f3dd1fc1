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
  loadChannels,
  loadDirectory,
  me,
  person,
} from "./directory.js";
import { Home } from "./home.js";
import { Inspector } from "./inspector.js";
import { Modals } from "./modals.js";
import { Sidebar } from "./sidebar.js";
import { startTheme, themeButton } from "./theme.js";

const page = { place: null };
const main = document.getElementById("main");
const head = document.getElementById("head");
const stage = document.getElementById("stage");

const refresh = async ({ unexpected } = {}) => {
  await Promise.all([refreshScreen(unexpected), conversation.load()]);
};
const modals = new Modals(refresh);
const home = new Home(refresh);
const conversation = new Conversation(async () => refresh());
const inspector = new Inspector(() => showInspector(false));
const sidebar = new Sidebar({ be, go });
document.getElementById("side").append(conversation.aside, inspector.node);

let screenAsked = 0;

async function refreshScreen(unexpected) {
  const turn = ++screenAsked;
  const user = directory.me;
  const screen = await api.screen(user);
  if (turn !== screenAsked || user !== directory.me) return;
  if (screen.error) return void toast(screen.error, "error");
  // Trouble that the modal itself tells of needs no second notice.
  if (unexpected && !screen.notice) toast(unexpected, "error");
  modals.show(screen);
  home.show(screen.home);
}

/** Become another person: other channels, another Home, other modals. */
async function be(user) {
  directory.me = user;
  await loadChannels();
  home.forget();
  sidebar.unread.clear();
  if (page.place === "home" || channel(page.place)?.type === undefined)
    page.place = page.place === "home" ? "home" : firstChannel();
  announce(`You are ${me().name}`);
  document.title = `${me().first_name ?? me().name} · ${directory.team.name} (local)`;
  await go(page.place);
}

const firstChannel = () =>
  directory.channels.find(({ type }) => type === "channel")?.id ?? directory.channels[0]?.id ?? "home";

async function go(place) {
  page.place = place;
  sidebar.unread.delete(place);
  document.body.classList.remove("sidebar-open");
  const address = new URL(location.href);
  address.searchParams.set("as", directory.me);
  address.searchParams.set("in", place);
  history.replaceState(null, "", address);
  draw();
  if (place === "home") {
    conversation.openThread(null);
    const { error } = await api.act(directory.me, "home", {});
    if (error) toast(error, "error");
    await refreshScreen();
    return;
  }
  await Promise.all([conversation.show(place), refreshScreen()]);
  if (matchMedia("(pointer: fine)").matches && !modals.dialog.open) conversation.composer.focus();
}

function draw() {
  sidebar.draw(page.place);
  const inApp = page.place === "home" || page.place === appChannel()?.id;
  head.replaceChildren(
    iconButton("menu", "Menu", () => document.body.classList.toggle("sidebar-open"), {
      class: "icon-button menu-button",
    }),
    ...(inApp ? appHead() : channelHead()),
    el("span", { class: "spring" }),
    el("span", { class: "you", title: "Who you are" }, avatar(directory.me, "small"), el("span", {}, me().name)),
    iconButton("pulse", "Inspector", () => showInspector(), {
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
        dataset: { tab: label.toLowerCase() },
        onclick: () => go(place),
      },
      label,
    );
  return [
    avatar(directory.app.bot_user_id),
    el("h2", {}, directory.app.name, " ", el("span", { class: "badge" }, "APP")),
    el(
      "div",
      { class: "tabs", role: "tablist", "aria-label": directory.app.name },
      directory.app.has_home && tab("home", "Home"),
      own && tab(own.id, "Messages"),
    ),
  ];
}

function channelHead() {
  const here = channel(page.place);
  return [
    el("h2", {}, here?.type !== "im" && icon(here?.type === "private" ? "lock" : "hash"), channelName(page.place)),
    el("p", { class: "topic" }, here?.topic || `${here?.members?.length ?? 0} members`),
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

async function reset() {
  const sure = await ask({
    title: { type: "plain_text", text: "Start the workspace anew?" },
    text: { type: "plain_text", text: "All messages, modals and Homes go. The app's own data stays." },
    confirm: { type: "plain_text", text: "Start anew" },
    style: "danger",
  });
  if (!sure) return;
  await api.reset();
  await go(page.place);
}

async function start() {
  startTheme();
  document.getElementById("reset").addEventListener("click", reset);
  const fold = () => document.body.classList.remove("sidebar-open");
  document.getElementById("scrim").addEventListener("click", fold);
  document.addEventListener("keydown", (event) => event.key === "Escape" && fold());
  await loadDirectory();
  const wanted = new URL(location.href).searchParams;
  const role = directory.people.find((one) => one.role === wanted.get("as"))?.id;
  const user = person(wanted.get("as"))?.id ?? role ?? directory.people[0]?.id;
  if (!user) return void main.replaceChildren(el("p", { class: "empty" }, "This workspace has no people."));
  page.place = wanted.get("in");
  await be(user);
  listen(heard, (lost) => {
    document.getElementById("offline").hidden = !lost;
    // Whatever happened while nobody listened, also between loading and listening, is caught up with.
    if (!lost) refresh();
  });
}

start();
