import { LosslessNumber, parse, stringify } from "lossless-json";

/** JSON as somebody typed it: sent and shown letter by letter. */
export class Typed {
  constructor(readonly text: string) {}
}

/**
 * Read JSON so that `write` gives every number back as it stood: `1.0`, `-0` and more than 53 bits
 * are a LosslessNumber. Raises SyntaxError, also for a key that has two values and for a number
 * beyond a float, as the API does; RangeError for what is nested too deep.
 */
export function read(text: string): unknown {
  return parse(text, null, kept);
}

/** A value as JSON text, indented by so many spaces; on one line by none. */
export function write(value: unknown, indent = 0): string {
  return stringify(value, null, indent) ?? "";
}

/** The text of a body: what was typed stands in it as it is, members that are undefined do not. */
export function bodyOf(json: Typed | Record<string, unknown>): string {
  if (json instanceof Typed) return json.text;
  const members = Object.entries(json)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const text = value instanceof Typed ? value.text : JSON.stringify(value);
      return `${JSON.stringify(name)}:${text}`;
    });
  return `{${members.join(",")}}`;
}

/** A number only if JavaScript writes it as it stood. */
function kept(text: string): number | LosslessNumber {
  const number = Number(text);
  if (!Number.isFinite(number) && /[.e]/i.test(text))
    throw new SyntaxError(`${text} is too large a number`);
  return String(number) === text ? number : new LosslessNumber(text);
}
