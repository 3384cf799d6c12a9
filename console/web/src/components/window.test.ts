import { expect, test } from "vitest";
import { windowOf } from "./window";

test("only rows in sight are drawn, and the rest takes its room", () => {
  const { first, end, before, after } = windowOf(4000, 400, 1000, 40);
  expect([first, end]).toEqual([88, 122]);
  expect(before + after + (end - first) * 40).toBe(40_000);
  expect(windowOf(0, 400, 3, 40)).toEqual({ first: 0, end: 3, before: 0, after: 0 });
  expect(windowOf(9000, 400, 3, 40).first).toBe(3);
});
