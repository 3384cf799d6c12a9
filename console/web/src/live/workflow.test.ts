import { expect, test } from "vitest";
import { toWorkflow } from "../views/workflow";
import type { WireChange, WireStep } from "../wire/types";
import { patch } from "./workflow";

function step(index: number, state: string): WireStep {
  return {
    index,
    name: `s${index}`,
    kind: "task",
    base: "",
    category: "",
    parameters: null,
    state,
    queued: null,
    started: null,
    ended: null,
    activations: 0,
    attempts: 0,
    open: 0,
    waiting: 0,
    reason: "",
    waits: "",
    line: 0,
    column: 0,
    items: null,
  };
}

function change(step: number | null, state: string, at = "2026-01-01T00:00:00.000Z"): WireChange {
  return { at, what: state, step, scope: "", activation: 1, attempt: 1, detail: "", state };
}

test("what the feed reports is in the steps at once, and the rest stays", () => {
  const workflow = toWorkflow({
    id: "w",
    name: null,
    state: "RUNNING",
    created: "2026-01-01T00:00:00.000Z",
    ended: null,
    done: 0,
    total: 2,
    reason: "",
    reasons: [],
    input: null,
    output: null,
    has_source: false,
    unserved: [],
    steps: [step(0, "idle"), step(1, "idle")],
  });
  const steps = new Map(workflow.steps.map((one) => [one.index, one]));
  const running = patch(
    { workflow, steps },
    {
      workflow: "w",
      state: "RUNNING",
      changes: [change(1, "queued"), change(1, "running"), change(9, "x")],
    },
  );
  expect(running.steps.get(1)).toMatchObject({ state: "running", activations: 1, ended: null });
  expect(running.steps.get(0)).toBe(steps.get(0));
  const ended = patch(running, {
    workflow: "w",
    state: "FINISHED",
    changes: [change(1, "ended", "2026-01-01T00:00:05.000Z"), change(null, "FINISHED")],
  });
  const after = ended.steps.get(1);
  expect((after?.ended ?? 0) - (after?.started ?? 0)).toBe(5000);
  expect(ended.workflow).toMatchObject({ state: "FINISHED", done: 1 });
});
