import type { Orientation } from "../state/preferences";
import type { Box, Drawn } from "./fold";
import { sizeOf } from "./measure";

/** Pixels per inch, the unit of Graphviz. */
export const INCH = 72;

/** Lines from which on curves cost more than they show. */
const MANY_LINES = 6000;

/** The graph in Graphviz' language. Nothing that users wrote goes into it: only numbers and ids. */
export function toDot({ shapes, lines, boxes }: Drawn, orientation: Orientation): string {
  const out = [
    "digraph {",
    `graph [rankdir=${orientation === "horizontal" ? "LR" : "TB"}, nodesep=0.22, ranksep=0.55,`,
    `splines=${lines.length > MANY_LINES ? "line" : "true"}, fontsize=12];`,
    'node [shape=box, fixedsize=true, label=""];',
    "edge [dir=none, fontsize=11];",
  ];
  const inside = new Map<number, string[]>();
  for (const shape of shapes) {
    const { width, height } = sizeOf(shape);
    const text = `"${shape.id}" [width=${inches(width)}, height=${inches(height)}];`;
    const texts = inside.get(shape.parent);
    if (texts) texts.push(text);
    else inside.set(shape.parent, [text]);
  }
  cluster(-1, inside, boxes, out);
  for (const line of lines) {
    const room = line.guard ? `, label="${"x".repeat(Math.min(line.guard.length, 24))}"` : "";
    out.push(`"${line.from}" -> "${line.to}" [constraint=${!line.back}${room}];`);
  }
  out.push("}");
  return out.join("\n");
}

function cluster(index: number, inside: Map<number, string[]>, boxes: Box[], out: string[]): void {
  out.push(...(inside.get(index) ?? []));
  for (const box of boxes) {
    if (box.parent !== index) continue;
    out.push(`subgraph "cluster_${box.index}" { margin=14; label="x"; labeljust=l;`);
    cluster(box.index, inside, boxes, out);
    out.push("}");
  }
}

function inches(pixels: number): string {
  return (pixels / INCH).toFixed(3);
}
