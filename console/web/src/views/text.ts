import { write } from "../wire/lossless";

/** Control and format characters, but line feeds and tabs. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text as it may be shown: what is invisible or turns the direction of reading is spelled out. */
export function visible(text: string | null | undefined): string {
  if (!text) return "";
  return text.replace(UNSEEN, (seen) => seen.split("").map(escaped).join(""));
}

/** As JSON escapes it, so that a copied value is the value. */
function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A JSON value as text: indented for reading, on one line for a table cell. */
export function pretty(value: unknown, indent = 2): string {
  return visible(write(value, indent));
}

/** Whether a JSON value is more than nothing and `{}`. */
export function hasContent(value: unknown): boolean {
  return !["", "null", "{}"].includes(write(value));
}

/** At most `length` characters, the last of them `…` if there were more. */
export function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** How many, in words: `1 step`, `2 steps`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
