import { COMMAND } from "../state/config";

/** The command line that does the same, every word quoted for a POSIX shell where it must be. */
export function commandLine(...words: string[]): string {
  return [COMMAND, ...words.map(quoted)].join(" ");
}

export function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
