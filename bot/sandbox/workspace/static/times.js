// Wall-clock times of a time zone and instants (Unix seconds), as the person who looks reads them.

import { me } from "./directory.js";

const formatter = (shape) => new Intl.DateTimeFormat(me()?.locale, { ...shape, timeZone: me()?.tz });

export const clock = (instant) => formatter({ hour: "2-digit", minute: "2-digit" }).format(instant);
export const longDay = (instant) => formatter({ weekday: "long", day: "numeric", month: "long" }).format(instant);
export const fullTime = (instant) => formatter({ dateStyle: "full", timeStyle: "medium" }).format(instant);

const wallFormatter = (shape) => new Intl.DateTimeFormat(me()?.locale, { ...shape, timeZone: "UTC" });

/** A date and a time of day without a zone: `instant` is that wall-clock time in UTC. */
export const longDate = (instant) => wallFormatter({ day: "numeric", month: "long", year: "numeric" }).format(instant);
export const wallTime = (instant) => wallFormatter({ hour: "2-digit", minute: "2-digit" }).format(instant);

/** The time of day to the second, of Unix seconds or an ISO text; empty for anything else. */
export function moment(at) {
  const instant = typeof at === "number" ? new Date(at * 1000) : new Date(at);
  const shape = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return Number.isNaN(instant.getTime()) ? "" : formatter(shape).format(instant);
}

/** `YYYY-MM-DDTHH:MM` of an instant in a time zone. */
export function wallClock(seconds, timeZone) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(new Date(seconds * 1000));
  const part = (type) => parts.find((one) => one.type === type).value;
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/** The instant of a wall-clock time; two rounds settle the offset also next to a change of summer time. */
export function instantOf(wall, timeZone) {
  const wanted = Date.parse(`${wall}Z`) / 1000;
  let seconds = wanted;
  for (let round = 0; round < 2; round += 1) seconds += wanted - Date.parse(`${wallClock(seconds, timeZone)}Z`) / 1000;
  return seconds;
}
