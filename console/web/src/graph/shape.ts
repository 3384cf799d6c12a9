import type { Shape } from "./fold";
import { labelOf } from "./measure";
import type { Place } from "./placed";
import type { Status } from "./status";
import { svg } from "./svg";

/** The elements of a shape that change with its state. */
export interface Parts {
  group: SVGGElement;
  glyph: SVGTextElement | null;
  text: SVGTextElement | null;
  times: SVGTextElement | null;
  bar: SVGGElement | null;
  width: number;
}

/** Pixels of the bar that shows the parts of many steps. */
const BAR = 4;

export function drawShape(shape: Shape, { x, y, width, height }: Place): Parts {
  const group = svg("g", {
    "data-shape": shape.id,
    transform: `translate(${(x - width / 2).toFixed(1)} ${(y - height / 2).toFixed(1)})`,
  });
  const parts: Parts = { group, glyph: null, text: null, times: null, bar: null, width };
  if (shape.members.length === 1) group.dataset.step = String(shape.members[0]);
  if (shape.kind === "dot" || shape.kind === "end") {
    group.append(svg("circle", { cx: width / 2, cy: height / 2, r: width / 2 - 1 }));
    if (shape.kind === "end" && shape.members[0] !== 0)
      group.append(svg("circle", { class: "core", cx: width / 2, cy: height / 2, r: width / 4 }));
    return parts;
  }
  if (shape.kind !== "step")
    for (const shift of [6, 3])
      group.append(svg("rect", { class: "behind", x: shift, y: -shift, width, height, rx: 8 }));
  parts.glyph = svg("text", { class: "glyph", x: 17, y: height / 2 + 5 });
  parts.text = svg("text", { class: "state", x: 33, y: 36 });
  parts.times = svg("text", { class: "times", x: width - 9, y: 19 });
  parts.bar = svg("g", { class: "bar", transform: `translate(0 ${height - BAR})` });
  group.append(
    svg("rect", { class: "body", width, height, rx: 8 }),
    parts.glyph,
    svg("text", { class: "label", x: 33, y: 19 }, labelOf(shape)),
    parts.text,
    parts.times,
    parts.bar,
  );
  return parts;
}

export function paint(parts: Parts, shape: Shape, status: Status): void {
  const kept = ["selected", "pointed"].filter((name) => parts.group.classList.contains(name));
  parts.group.setAttribute(
    "class",
    ["step", shape.kind, `state-${status.state}`, `tone-${status.tone}`, ...kept].join(" "),
  );
  if (parts.glyph) parts.glyph.textContent = status.glyph;
  if (parts.text) parts.text.textContent = status.text;
  if (parts.times) parts.times.textContent = status.times;
  let x = 4;
  const room = parts.width - 8;
  parts.bar?.replaceChildren(
    ...status.parts.map(({ tone, part }) => {
      const width = part * room;
      x += width;
      return svg("rect", { class: `tone-${tone}`, x: x - width, width, height: BAR - 1.5 });
    }),
  );
}
