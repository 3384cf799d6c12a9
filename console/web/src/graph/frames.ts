import type { Box, Drawn } from "./fold";
import type { Place, Placed } from "./placed";
import { svg } from "./svg";

/** Pixels between a frame and what is in it; above there is room for its label. */
const PAD = 10;
const LABEL = 16;

interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The frames of the subflows that are unfolded, the outer ones first. */
export function framesOf(drawn: Drawn, placed: Placed): SVGElement[] {
  const own = new Map<number, Place[]>();
  for (const shape of drawn.shapes) {
    const place = placed.places.get(shape.id);
    const places = own.get(shape.parent);
    if (!place || shape.parent < 0) continue;
    if (places) places.push(place);
    else own.set(shape.parent, [place]);
  }
  const frames: SVGElement[] = [];
  const frame = (box: Box): Edges | null => {
    const at = frames.length;
    const inner = drawn.boxes.filter((one) => one.parent === box.index).map(frame);
    const edges = around(own.get(box.index) ?? [], inner);
    if (edges) frames.splice(at, 0, draw(box, edges));
    return edges;
  };
  for (const box of drawn.boxes) if (box.parent === -1) frame(box);
  return frames;
}

function around(places: Place[], inner: (Edges | null)[]): Edges | null {
  const all = inner.filter((one) => one !== null);
  for (const { x, y, width, height } of places)
    all.push({
      left: x - width / 2,
      top: y - height / 2,
      right: x + width / 2,
      bottom: y + height / 2,
    });
  if (!all.length) return null;
  return {
    left: Math.min(...all.map((one) => one.left)) - PAD,
    top: Math.min(...all.map((one) => one.top)) - PAD - LABEL,
    right: Math.max(...all.map((one) => one.right)) + PAD,
    bottom: Math.max(...all.map((one) => one.bottom)) + PAD,
  };
}

function draw(box: Box, { left, top, right, bottom }: Edges): SVGElement {
  const group = svg("g", { class: "frame", "data-cluster": box.index });
  const rect = { x: left, y: top, width: right - left, height: bottom - top, rx: 10 };
  const handle = svg("g", { class: "handle", "data-fold": box.index });
  handle.append(
    svg("rect", { x: left, y: top, width: right - left, height: LABEL + 6, rx: 10 }),
    svg("text", { x: left + 10, y: top + 15 }, `− ${box.label || "subflow"}`),
    svg("title", {}, "Fold this subflow"),
  );
  group.append(svg("rect", rect), handle);
  return group;
}
