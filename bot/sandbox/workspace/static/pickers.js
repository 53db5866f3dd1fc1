// Pickers of dates and times.

import { el } from "./dom.js";
import { me } from "./directory.js";
import { t } from "./language.js";
import { words } from "./mrkdwn.js";
import { instantOf, longDate, wallClock, wallTime } from "./times.js";

const asUtc = (wall) => new Date(`${wall}Z`);

/** `type` is date or time; what the browser offers is used, what it shows is ours. */
export function picker(given, at, surface, type, initialName) {
  const { kept, state } = surface.recall(at, given);
  const value = kept ?? (state !== undefined ? state : given[initialName]) ?? "";
  surface.holds(at, kept, value || null);
  const field = el("input", {
    type,
    class: "field",
    ...at.attributes,
    value,
    onchange: () => surface.change(at, given, field.value, field.value || null),
  });
  const isDate = type === "date";
  const empty = words(given.placeholder) || (isDate ? t("Choose a date") : t("Choose a time"));
  const whole = () => (isDate ? longDate(asUtc(`${field.value}T00:00`)) : wallTime(asUtc(`1970-01-01T${field.value}`)));
  const shown = inWords(field, empty, whole);
  return el(
    "div",
    { class: "text-field" },
    el("span", { class: "picker" }, field, shown),
    given.timezone && el("span", { class: "zone" }, given.timezone),
  );
}

/** What a picker holds, written as the person reads it; while it is edited the browser's own form is seen. */
function inWords(field, empty, text) {
  const shown = el("span", { class: "picker-words", "aria-hidden": "true" });
  const show = () => {
    shown.textContent = field.value ? text() : empty;
    shown.classList.toggle("nothing", !field.value);
  };
  field.addEventListener("input", show);
  field.addEventListener("change", show);
  show();
  return shown;
}

/** A date and a time of day in the person's own time zone. */
export function dateAndTime(given, at, surface) {
  const zone = me()?.tz;
  const { kept, state } = surface.recall(at, given);
  const value = kept ?? (state !== undefined ? state : given.initial_date_time) ?? null;
  surface.holds(at, kept, value || null);
  const read = () => (field.value ? instantOf(field.value, zone) : null);
  const field = el("input", {
    type: "datetime-local",
    class: "field",
    ...at.attributes,
    value: value ? wallClock(value, zone) : "",
    title: zone,
    onchange: () => surface.change(at, given, read(), read()),
  });
  const whole = () => `${longDate(asUtc(field.value))}, ${wallTime(asUtc(field.value))}`;
  const shown = inWords(field, t("Choose a date and time"), whole);
  return el(
    "div",
    { class: "text-field" },
    el("span", { class: "picker" }, field, shown),
    el("span", { class: "zone" }, zone),
  );
}
