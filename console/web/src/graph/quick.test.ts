import { expect, test } from "vitest";
import type { Drawn, Shape } from "./fold";
import type { Place } from "./placed";
import { crowded, quickLayout } from "./quick";

/** a → width × p → b */
function fork(width: number): Drawn {
  const ids = ["a", ...Array.from({ length: width }, (_, i) => `p${i}`), "b"];
  const shape = (id: string, i: number): Shape => ({
    id,
    kind: "step",
    label: id,
    members: [i],
    parent: -1,
  });
  const line = (from: string, to: string) => ({ from, to, guard: "", back: false });
  const middle = ids.slice(1, -1);
  return {
    shapes: ids.map(shape),
    lines: middle.flatMap((id) => [line("a", id), line(id, "b")]),
    boxes: [],
    shapeOf: new Map(),
  };
}

test("only a step with very many neighbours is crowded", () => {
  expect(crowded(fork(100))).toBe(false);
  expect(crowded(fork(2000))).toBe(true);
});

test("ranks stand in order, no two shapes overlap, and wide ranks make a grid", () => {
  const { places, width, height, courses } = quickLayout(fork(500), "horizontal");
  const all = [...places.values()];
  expect(all).toHaveLength(502);
  expect(places.get("a")?.x).toBeLessThan(places.get("p0")?.x ?? 0);
  expect(places.get("b")?.x).toBeGreaterThan(places.get("p499")?.x ?? 0);
  const apart = (a: Place, b: Place) => Math.abs(a.x - b.x) > 124 || Math.abs(a.y - b.y) > 46;
  const overlaps = all.filter((one, i) => !all.slice(i + 1).every((two) => apart(one, two)));
  expect(overlaps).toEqual([]);
  expect(width / height).toBeGreaterThan(0.5);
  expect(width / height).toBeLessThan(4);
  expect(courses).toHaveLength(1000);
});
