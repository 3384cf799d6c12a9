import type { Times } from "../state/preferences";

/** Ms since 1970, or null. */
export type Moment = number | null;

export function moment(iso: string | null | undefined): Moment {
  if (!iso) return null;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
}

/** How long, in the two largest units: `340 ms`, `4.2 s`, `3 m 5 s`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 0) return "0 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3600) return two(seconds, 60, "m", 1, "s");
  if (seconds < 86_400) return two(seconds, 3600, "h", 60, "m");
  return two(seconds, 86_400, "d", 3600, "h");
}

function two(seconds: number, large: number, a: string, small: number, b: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${a}${rest ? ` ${rest} ${b}` : ""}`;
}

/** A time as the user wants times: the date is left out where it is today's. */
export function shown(at: number, how: Times, now: number): string {
  if (how === "relative") return relative(at, now);
  const date = new Date(at);
  return how === "utc" ? utc(date, now) : local(date, now);
}

function relative(at: number, now: number): string {
  const gap = now - at;
  if (Math.abs(gap) < 1500) return "now";
  const rough = duration(Math.floor(Math.abs(gap) / 1000) * 1000).replace(/\.\d/, "");
  return gap > 0 ? `${rough} ago` : `in ${rough}`;
}

function utc(date: Date, now: number): string {
  const iso = date.toISOString();
  const today = new Date(now).toISOString().slice(0, 10) === iso.slice(0, 10);
  return today ? `${iso.slice(11, 19)}Z` : `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}

function local(date: Date, now: number): string {
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(pad).join(":");
  if (date.toDateString() === new Date(now).toDateString()) return time;
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(pad).join("-");
  return `${day} ${time}`;
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}

/** The whole time, for a tooltip: both local and UTC, with milliseconds. */
export function exact(at: number): string {
  const date = new Date(at);
  return `${local(date, 0)}.${String(date.getMilliseconds()).padStart(3, "0")} local time\n${date.toISOString()}`;
}
