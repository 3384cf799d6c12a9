import { read, Typed } from "./lossless";

/** What stands in a JSON field: JSON as it was typed, nothing, or why it is neither. */
export interface Parsed {
  value: Typed | undefined;
  problem: string;
}

/** Check JSON that somebody typed; empty text is `undefined`. */
export function parseJson(text: string, { object = false } = {}): Parsed {
  const typed = text.trim();
  if (!typed) return { value: undefined, problem: "" };
  let value: unknown;
  try {
    value = read(text);
  } catch (error) {
    return { value: undefined, problem: `This is not JSON: ${whyNot(error, text)}` };
  }
  if (object && !isObject(value))
    return { value: undefined, problem: 'An object is needed, such as {"key": 1}' };
  return { value: new Typed(typed), problem: "" };
}

/** The parser's reason, and the place as an editor counts it. */
function whyNot(error: unknown, text: string): string {
  if (error instanceof RangeError) return "it is nested too deep";
  const message = error instanceof Error ? error.message : String(error);
  const [, reason, position] = /^(.*) at position (\d+)$/s.exec(message) ?? [];
  if (reason === undefined) return message;
  const before = text.slice(0, Number(position)).split("\n");
  return `line ${before.length}, column ${[...(before.at(-1) ?? "")].length + 1}: ${reason}`;
}

function isObject(value: unknown): boolean {
  return (
    value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype
  );
}
