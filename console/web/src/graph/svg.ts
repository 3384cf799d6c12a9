const SVG = "http://www.w3.org/2000/svg";

/** Make an SVG element; text becomes a text node, never markup. */
export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number> = {},
  text = "",
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text) element.textContent = text;
  return element;
}

type Point = [number, number];

/** The path of a spline as Graphviz gives it: a point, then three for each Bézier curve. */
export function curve(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${p(first)}`;
  for (let i = 0; i + 2 < rest.length; i += 3)
    path += `C${p(rest[i])} ${p(rest[i + 1])} ${p(rest[i + 2])}`;
  return path;
}

/** Pixels of an arrow head. */
const LENGTH = 8;
const HALF = 3.5;

/** The path of an arrow head at the end of a spline. */
export function head(points: Point[]): string {
  const tip = points.at(-1);
  const before = points.findLast((one) => tip && distance(one, tip) > 0.5);
  if (!tip || !before) return "";
  const length = distance(before, tip);
  const [dx, dy] = [(tip[0] - before[0]) / length, (tip[1] - before[1]) / length];
  const [bx, by] = [tip[0] - dx * LENGTH, tip[1] - dy * LENGTH];
  return `M${p(tip)}L${p([bx - dy * HALF, by + dx * HALF])}L${p([bx + dy * HALF, by - dx * HALF])}Z`;
}

function p(point: Point | undefined): string {
  return point ? `${point[0].toFixed(1)} ${point[1].toFixed(1)}` : "";
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
