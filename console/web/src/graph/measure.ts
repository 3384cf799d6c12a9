import { clipped } from "../views/text";
import type { Shape } from "./fold";

/** Sizes in CSS pixels. */
export const HEIGHT = 46;
const DOT = 12;
const END = 20;
const LEAST = 124;
const LEAST_OF_MANY = 184;
const MOST = 250;
const BESIDE_LABEL = 46;
const PER_CHARACTER = 7.3;
const LONGEST_LABEL = 28;

export interface Size {
  width: number;
  height: number;
}

export function labelOf(shape: Shape): string {
  return clipped(shape.label.replace(/\s+/g, " "), LONGEST_LABEL);
}

/** How large a shape is drawn: estimated, since the layout must not wait for the page. */
export function sizeOf(shape: Shape): Size {
  if (shape.kind === "dot") return { width: DOT, height: DOT };
  if (shape.kind === "end") return { width: END, height: END };
  const width = BESIDE_LABEL + PER_CHARACTER * columns(labelOf(shape));
  const least = shape.kind === "step" ? LEAST : LEAST_OF_MANY;
  return { width: Math.round(Math.min(MOST, Math.max(least, width))), height: HEIGHT };
}

/** Columns a text takes: wide characters, such as Chinese ones and emoji, count twice. */
function columns(text: string): number {
  let columns = 0;
  for (const character of text)
    columns += /[\u1100-\u115f\u2e80-\uffdc]/.test(character) ? 2 : character.length;
  return columns;
}
