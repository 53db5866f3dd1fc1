// Who and what is in the workspace: people, channels, the app; and how they are shown.

import { el } from "./dom.js";
import { api } from "./api.js";
import { t } from "./language.js";

/** `me` is who one is, `here` the channel or direct message that was looked at last. */
export const directory = {
  people: [],
  team: {},
  app: {},
  channels: [],
  commands: [],
  shortcuts: [],
  me: null,
  here: null,
};

export async function loadDirectory() {
  const [people, commands] = await Promise.all([api.people(), api.commands()]);
  directory.people = people.people ?? directory.people;
  directory.team = people.team ?? directory.team;
  directory.app = people.app ?? directory.app;
  directory.commands = commands.commands ?? directory.commands;
  directory.shortcuts = commands.shortcuts ?? directory.shortcuts;
}

export async function loadChannels() {
  const answer = await api.channels(directory.me);
  directory.channels = answer.channels ?? directory.channels;
}

export const person = (id) => directory.people.find((one) => one.id === id);
export const channel = (id) => directory.channels.find((one) => one.id === id);
export const appChannel = () => directory.channels.find((one) => one.type === "im" && isApp(one.user));
export const isApp = (user) => user === directory.app.bot_user_id;
export const me = () => person(directory.me);

const ROLES = { agent: "Agent", sales: "Sales", manager: "Manager", admin: "Admin" };

/** What somebody does: the role in billing, else the title. */
export const roleName = ({ role, title }) => (role in ROLES ? t(ROLES[role]) : (title ?? ""));

export function nameOf(user) {
  if (user === "USLACKBOT") return "Slackbot";
  if (isApp(user)) return directory.app.name;
  return person(user)?.name ?? user;
}

export function channelName(id) {
  const found = channel(id);
  if (!found) return id;
  return found.type === "im" ? nameOf(found.user) : found.name;
}

const initials = (name) =>
  name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();

/** White or dark letters, whichever is readable on a `#rrggbb` ground. */
function readableOn(color) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#101816" : "#ffffff";
}

/** The square with initials that stands for a person or the app. */
export function avatar(user, size = "") {
  if (isApp(user))
    return el(
      "span",
      { class: `avatar avatar-app ${size}`, "aria-hidden": "true" },
      initials(directory.app.name ?? "App").slice(0, 1),
    );
  const known = person(user);
  const node = el("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials(nameOf(user) ?? "?"));
  if (/^#[0-9a-f]{6}$/i.test(known?.color ?? "")) {
    node.style.setProperty("background", known.color);
    node.style.setProperty("color", readableOn(known.color));
  }
  return node;
}
