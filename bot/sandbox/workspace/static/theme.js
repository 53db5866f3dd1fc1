// Light and dark: what the system says, until the person says otherwise.

import { iconButton } from "./dom.js";
import { t } from "./language.js";

const KEY = "workspace-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () =>
  document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : system.matches;

export function startTheme() {
  const chosen = localStorage.getItem(KEY);
  if (chosen) document.documentElement.dataset.theme = chosen;
}

export function themeButton() {
  const label = () => (isDark() ? t("Switch to light") : t("Switch to dark"));
  return iconButton(
    isDark() ? "sun" : "moon",
    label(),
    (event) => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
      localStorage.setItem(KEY, document.documentElement.dataset.theme);
      event.currentTarget.replaceWith(Object.assign(themeButton(), { autofocus: true }));
      document.querySelector(".theme-button")?.focus();
    },
    { class: "icon-button theme-button" },
  );
}
