// Wall-clock times of a time zone and instants (Unix seconds), for the date and time picker.

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
