import type { Problem } from "../wire/types";
import type { Token } from "./source-text";

export interface Piece {
  key: string;
  text: string;
  names: string;
}

/** The tokens as pieces to draw; one that a problem points into is marked from there on. */
export function marked(tokens: Token[], problems: Problem[]): Piece[] {
  const pieces: Piece[] = [];
  for (const token of tokens) {
    const names = `syntax-${token.kind}`;
    const key = `${token.line}:${token.column}`;
    const at = cut(token, problems);
    if (at === null) pieces.push({ key, text: token.text, names });
    else {
      if (at > 0) pieces.push({ key: `${key}a`, text: token.text.slice(0, at), names });
      const rest = token.text.slice(at);
      const end = token.kind === "plain" ? Math.max(1, rest.search(/\s|$/)) : rest.length;
      pieces.push({ key: `${key}b`, text: rest.slice(0, end), names: `${names} wrong` });
      if (end < rest.length) pieces.push({ key: `${key}c`, text: rest.slice(end), names });
    }
  }
  return pieces;
}

/** Where in a token the first problem stands, or null. */
function cut(token: Token, problems: Problem[]): number | null {
  const lines = token.text.split("\n");
  for (const { line, column } of problems) {
    if (line === undefined || column === undefined) continue;
    const row = line - token.line;
    const content = lines[row];
    if (row < 0 || content === undefined) continue;
    const begin = row === 0 ? token.column : 1;
    const characters = [...content];
    const place = column - begin;
    if (place < 0 || place >= Math.max(1, characters.length)) continue;
    const before = lines.slice(0, row).reduce((sum, one) => sum + one.length + 1, 0);
    return before + characters.slice(0, place).join("").length;
  }
  return null;
}
