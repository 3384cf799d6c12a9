import { expect, test } from "vitest";
import { fitted, revealed, zoomed } from "./viewport";

const PANE = { width: 1000, height: 500 };

test("a large graph is made small, a small one is not blown up, both stand in the middle", () => {
  expect(fitted({ width: 4000, height: 1000 }, PANE)).toEqual({ x: 0, y: 125, scale: 0.25 });
  expect(fitted({ width: 100, height: 100 }, PANE)).toMatchObject({ scale: 1.1, x: 445 });
});

test("zooming keeps the point under the pointer", () => {
  const view = zoomed({ x: 10, y: 20, scale: 1 }, 2, 110, 120);
  expect(view).toEqual({ x: -90, y: -80, scale: 2 });
  expect(zoomed(view, 100, 0, 0).scale).toBe(3);
});

test("what is outside is brought inside, what is inside stays", () => {
  const view = { x: 0, y: 0, scale: 1 };
  expect(revealed(view, { x: 500, y: 250 }, PANE)).toEqual(view);
  expect(revealed(view, { x: 2000, y: 250 }, PANE).x).toBe(-1140);
});
