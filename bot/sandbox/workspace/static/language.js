// The page's own words, in the language of the person: English stands in the code, German in a table.

import { GERMAN } from "./german.js";

const TABLES = { de: GERMAN };
let table = {};

/** Speak the language of a locale from now on; true if that is another one than before. */
export function speak(locale = "en") {
  const code = locale.slice(0, 2);
  const before = table;
  table = TABLES[code] ?? {};
  document.documentElement.lang = code in TABLES ? code : "en";
  return table !== before;
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** A text of this page with its `{values}`. */
export const t = (text, values = {}) => filled(table[text] ?? text, values);

const escaped = (text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
const pattern = (text) => new RegExp(`^${escaped(text).replace(/\{(\w+)\}/g, "(?<$1>.+?)")}$`);

// How much of a text is not a `{value}`: "{n} of {total}" fits many sentences, and says little about each.
const literal = (text) => text.replace(/\{\w+\}/g, "").length;

/** What the workspace said in English, translated where it is one of Slack's own sentences; else as it is. */
export function translated(text) {
  if (!text || text in table) return t(text ?? "");
  const fits = Object.keys(table).filter((key) => key.includes("{") && pattern(key).test(text));
  const [best] = fits.sort((a, b) => literal(b) - literal(a));
  return best ? t(best, pattern(best).exec(text).groups) : text;
}
