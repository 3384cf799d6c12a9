import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { loadWorkflow, workflowPath } from "../api/calls";
import { followFeed } from "../api/feed";
import { type Change, toChange } from "../views/change";
import { done as isDone, over } from "../views/states";
import type { Step } from "../views/step";
import type { Workflow } from "../views/workflow";
import type { WireFeed } from "../wire/types";
import { type Loaded, useLoad } from "./load";
import { throttled } from "./throttled";

/** Ms between two loads of a workflow while it changes: at least, and for each of its steps. */
const LEAST_PAUSE = 1000;
const PAUSE_PER_STEP = 1.5;
/** The same of one that runs and where nothing happens: the feed says nothing of who serves it. */
const LOOK_MS = 5000;
const LONGEST_LOOK = 9000;

export interface LiveWorkflow extends Omit<Loaded<Workflow>, "value"> {
  workflow: Workflow | null;
  steps: ReadonlyMap<number, Step>;
  /** Counts what the feed reported: a reason to look at the trace again. */
  revision: number;
}

const NO_STEPS: ReadonlyMap<number, Step> = new Map();

/** A workflow as it is now: what the feed reports is shown at once, and then loaded exactly. */
export function useLiveWorkflow(id: string): LiveWorkflow {
  const [patched, setPatched] = useState<Patched | null>(null);
  const look = patched ? lookPause(patched.workflow) : 0;
  const loaded = useLoad(`workflow ${id}`, (signal) => loadWorkflow(id, signal), look);
  const { value, reload } = loaded;
  const [revision, setRevision] = useState(0);
  useEffect(() => setPatched(value && fresh(value)), [value]);
  const size = useRef(0);
  size.current = value?.steps.length ?? 0;
  const change = useCallback((feed: WireFeed) => {
    setPatched((old) => old && patch(old, feed));
    setRevision((count) => count + 1);
  }, []);
  useEffect(() => {
    let soon = throttled(reload, LEAST_PAUSE);
    let pause = LEAST_PAUSE;
    const again = () => {
      const wanted = Math.max(LEAST_PAUSE, size.current * PAUSE_PER_STEP);
      if (wanted !== pause) {
        soon.cancel();
        pause = wanted;
        soon = throttled(reload, pause);
      }
      soon.call();
    };
    const stop = followFeed(`${workflowPath(id)}/events`, {
      change(feed) {
        change(feed);
        again();
      },
      reset: again,
    });
    return () => {
      stop();
      soon.cancel();
    };
  }, [id, reload, change]);
  return {
    ...loaded,
    workflow: patched?.workflow ?? null,
    steps: patched?.steps ?? NO_STEPS,
    revision,
  };
}

function lookPause({ state, steps }: Workflow): number {
  if (state !== "RUNNING") return 0;
  return Math.min(LONGEST_LOOK, Math.max(LOOK_MS, steps.length * PAUSE_PER_STEP));
}

interface Patched {
  workflow: Workflow;
  steps: ReadonlyMap<number, Step>;
}

function fresh(workflow: Workflow): Patched {
  return { workflow, steps: new Map(workflow.steps.map((step) => [step.index, step])) };
}

export function patch({ workflow, steps }: Patched, feed: WireFeed): Patched {
  const next = new Map(steps);
  for (const wire of feed.changes) {
    const change = toChange(wire);
    const step = change.step === null ? undefined : next.get(change.step);
    if (step) next.set(step.index, changed(step, change));
  }
  const listed = workflow.steps.map((step) => next.get(step.index) ?? step);
  const done = listed.filter((step) => isDone(step.state)).length;
  return {
    workflow: {
      ...workflow,
      state: feed.state || workflow.state,
      steps: listed,
      done: Math.max(workflow.done, done),
    },
    steps: next,
  };
}

function changed(step: Step, { state, at, activation, attempt }: Change): Step {
  const next = { ...step, state };
  if (activation > step.activations) {
    next.activations = activation;
    next.queued = at;
    next.started = null;
    next.ended = null;
  }
  if (attempt) next.attempts = attempt;
  if (state === "queued") next.queued ??= at;
  if (state === "running") next.started ??= at;
  next.ended = over(state) ? at : null;
  return next;
}
