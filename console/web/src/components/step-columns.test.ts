import { expect, test } from "vitest";
import type { Step } from "../views/step";
import { matches, sorted } from "./step-columns";

function step(index: number, more: Partial<Step> = {}): Step {
  return {
    index,
    name: `step-${index}`,
    kind: "task",
    base: "math:add",
    category: "math",
    parameters: { digits: 2 },
    state: "ended",
    queued: null,
    started: null,
    ended: null,
    activations: 1,
    attempts: 1,
    open: 0,
    reason: "",
    waits: "",
    line: 0,
    column: 0,
    items: null,
    ...more,
  };
}

test("every word has to be found, wherever", () => {
  expect(matches(step(3), "MATH step-3")).toBe(true);
  expect(matches(step(3), "digits")).toBe(true);
  expect(matches(step(3), "math failed")).toBe(false);
  expect(matches(step(3), "  ")).toBe(true);
});

test("numbers sort as numbers, what is missing comes last in both directions", () => {
  const rows = [step(0, { started: null }), step(1, { started: 9 }), step(2, { started: 5 })];
  const order = (down: boolean) => sorted(rows, "started", down, 0).map((one) => one.index);
  expect(order(false)).toEqual([2, 1, 0]);
  expect(order(true)).toEqual([1, 2, 0]);
  const names = sorted([step(10), step(9)], "name", false, 0).map((one) => one.name);
  expect(names).toEqual(["step-9", "step-10"]);
});
