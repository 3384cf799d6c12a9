import { STATES_AFTER_CLOSING, type StepKind, type StepState } from "../wire/facts";
import type { WireAttempt, WireItems, WireStep, WireStepDetail } from "../wire/types";
import { visible } from "./text";
import { type Moment, moment } from "./time";

export interface Step {
  index: number;
  name: string;
  kind: string;
  base: string;
  category: string;
  parameters: unknown;
  state: string;
  queued: Moment;
  started: Moment;
  ended: Moment;
  activations: number;
  attempts: number;
  open: number;
  reason: string;
  waits: string;
  /** Where it stands in the source, both from 1; 0 if nowhere. */
  line: number;
  column: number;
  /** Of an iteration: how many items, how many are over; null if it runs once. */
  items: WireItems | null;
}

export interface Attempt {
  key: string;
  number: number;
  activation: number;
  scope: string;
  queued: Moment;
  started: Moment;
  ended: Moment;
  worker: string;
  result: string;
  reason: string;
  traceback: string;
  celeryId: string;
}

export interface StepDetail extends Step {
  input: unknown;
  output: unknown;
  history: Attempt[];
}

export function toStep(wire: WireStep): Step {
  return {
    index: wire.index,
    name: visible(wire.name),
    kind: wire.kind,
    base: visible(wire.base),
    category: visible(wire.category),
    parameters: wire.parameters,
    state: wire.state,
    queued: moment(wire.queued),
    started: moment(wire.started),
    ended: moment(wire.ended),
    activations: wire.activations,
    attempts: wire.attempts,
    open: wire.open,
    reason: visible(wire.reason),
    waits: visible(wire.waits),
    line: wire.line,
    column: wire.column,
    items: wire.items,
  };
}

export function toStepDetail(wire: WireStepDetail): StepDetail {
  return {
    ...toStep(wire),
    input: wire.input,
    output: wire.output,
    history: wire.history.map(toAttempt),
  };
}

function toAttempt(wire: WireAttempt): Attempt {
  return {
    key: `${wire.scope}/${wire.activation}.${wire.number}`,
    number: wire.number,
    activation: wire.activation,
    scope: wire.scope,
    queued: moment(wire.queued),
    started: moment(wire.started),
    ended: moment(wire.ended),
    worker: visible(wire.worker),
    result: visible(wire.result),
    reason: visible(wire.reason),
    traceback: visible(wire.traceback),
    celeryId: visible(wire.celery_id),
  };
}

/** A failure with which the workflow goes on ends the step; the attempt failed all the same. */
const RESULTS: Record<string, StepState> = { ...STATES_AFTER_CLOSING, continue: "failed" };

/** How an attempt stands or was closed, as a state of a step. */
export function attemptState(attempt: Attempt): string {
  if (!attempt.result) return attempt.started === null ? "queued" : "running";
  return RESULTS[attempt.result] ?? attempt.result;
}

/** Ms it waited for somebody to take it up, and ms it ran, as far as they are known. */
export function spent(step: Step, now: number): { queue: number | null; run: number | null } {
  const { queued, started, ended } = step;
  const until = ended ?? now;
  return {
    queue: queued === null ? null : Math.max(0, (started ?? until) - queued),
    run: started === null ? null : Math.max(0, until - started),
  };
}

const NO_WORK: ReadonlySet<string> = new Set<StepKind>([
  "start",
  "end",
  "subflow-start",
  "subflow-end",
]);

/** Whether it stands for work, rather than for a beginning, an end or a fork. */
export function isWork(step: { kind: string }): boolean {
  return !NO_WORK.has(step.kind);
}
