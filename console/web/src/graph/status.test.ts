import { expect, test } from "vitest";
import type { Shape } from "./fold";
import { type Live, statusOf } from "./status";

function shape(members: number[], kind: Shape["kind"] = "step"): Shape {
  return { id: "s", kind, label: "a", members, parent: -1 };
}

function live(...states: string[]): Map<number, Live> {
  return new Map(
    states.map((state, i) => [i, { state, activations: 1, attempts: 1, items: null }]),
  );
}

test("a step says its state, its tries and how often it fired", () => {
  const steps = new Map([[0, { state: "retrying", activations: 3, attempts: 2, items: null }]]);
  expect(statusOf(shape([0]), steps)).toMatchObject({
    tone: "retrying",
    text: "retrying · try 2",
    times: "×3",
  });
  const items = { total: 9, ended: 4, failed: 0 };
  const many = new Map([[0, { state: "running", activations: 1, attempts: 1, items }]]);
  expect(statusOf(shape([0]), many)).toMatchObject({ text: "running · 4 of 9", times: "×9" });
  expect(statusOf(shape([7]), steps)).toMatchObject({ state: "idle", text: "not reached" });
});

test("of many steps the most urgent speaks, and the parts add up", () => {
  const status = statusOf(
    shape([0, 1, 2, 3], "branches"),
    live("ended", "ended", "failed", "running"),
  );
  expect(status).toMatchObject({ state: "failed", text: "1 failed, 1 running, …" });
  expect(status.parts.map((one) => one.part)).toEqual([0.5, 0.25, 0.25]);
  expect(statusOf(shape([0, 1], "cluster"), live("ended", "idle")).state).toBe("running");
  expect(statusOf(shape([0, 1], "cluster"), live("ended", "skipped")).state).toBe("ended");
});
