import { expect, test } from "vitest";
import { readPlain } from "./placed";

const PLAIN = `graph 1 4 2
node "s0" 1 0.5 1.5 0.5 "" solid box black lightgrey
node s1 3 1.5 1 0.5 "" solid box black lightgrey
edge s0 s1 4 1.5 0.5 2 0.5 2 1.5 2.5 1.5 xxx 2 1 solid black
edge s1 s1 4 0 0 0 0 0 0 0 0 solid black
stop`;

test("places, courses and labels are read, upright or not", () => {
  const flipped = readPlain(PLAIN, false);
  expect(flipped.places.get("s0")).toEqual({ x: 72, y: 108, width: 108, height: 36 });
  const placed = readPlain(PLAIN, true);
  expect([placed.width, placed.height]).toEqual([288, 144]);
  expect(placed.places.get("s0")?.y).toBe(36);
  expect(placed.courses[0]).toMatchObject({ from: "s0", to: "s1", label: [144, 72] });
  expect(placed.courses[0]?.points).toHaveLength(4);
  expect(placed.courses[1]?.label).toBeNull();
});
