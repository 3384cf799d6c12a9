import {
  DONE_STEP_STATES,
  ENDED_WORKFLOW_STATES,
  OVER_STEP_STATES,
  type StepState,
  type WorkflowState,
} from "../wire/facts";

/** How states look: a tone (a colour of tokens.css) and a glyph, so that colour never stands alone. */
export type Tone =
  | "idle"
  | "queued"
  | "running"
  | "waiting"
  | "retrying"
  | "ended"
  | "failed"
  | "cancelled";

export interface Look {
  label: string;
  tone: Tone;
  glyph: string;
}

const LOOKS: Record<WorkflowState | StepState, Look> = {
  RUNNING: { label: "Running", tone: "running", glyph: "▶" },
  TERMINATING: { label: "Stopping", tone: "waiting", glyph: "◧" },
  TERMINATED: { label: "Stopped", tone: "cancelled", glyph: "■" },
  FAILED: { label: "Failed", tone: "failed", glyph: "✕" },
  FINISHED: { label: "Finished", tone: "ended", glyph: "✓" },
  idle: { label: "not reached", tone: "idle", glyph: "○" },
  ready: { label: "ready", tone: "queued", glyph: "◔" },
  queued: { label: "queued", tone: "queued", glyph: "◑" },
  running: { label: "running", tone: "running", glyph: "▶" },
  waiting: { label: "waiting", tone: "waiting", glyph: "◷" },
  retrying: { label: "retrying", tone: "retrying", glyph: "↻" },
  skipped: { label: "skipped", tone: "idle", glyph: "⇥" },
  ended: { label: "ended", tone: "ended", glyph: "✓" },
  failed: { label: "failed", tone: "failed", glyph: "✕" },
  cancelled: { label: "cancelled", tone: "cancelled", glyph: "■" },
};

/** The states of workflows, in the order of the filter. */
export const STATES_OF_FILTER: WorkflowState[] = [
  "RUNNING",
  "TERMINATING",
  "FAILED",
  "FINISHED",
  "TERMINATED",
];

/** The states of steps, the most urgent first: of many steps the first found stands for all. */
export const STATES_BY_URGENCY: StepState[] = [
  "failed",
  "retrying",
  "running",
  "waiting",
  "queued",
  "ready",
  "cancelled",
  "idle",
  "ended",
  "skipped",
];

const OVER = new Set<string>(OVER_STEP_STATES);
const DONE = new Set<string>(DONE_STEP_STATES);
const ENDED = new Set<string>(ENDED_WORKFLOW_STATES);

export function lookOf(state: string): Look {
  return (LOOKS as Record<string, Look>)[state] ?? { label: state, tone: "idle", glyph: "?" };
}

/** Whether a step in this state has come to an end. */
export function over(state: string): boolean {
  return OVER.has(state);
}

/** Whether a step in this state needs no more work: it counts as progress. */
export function done(state: string): boolean {
  return DONE.has(state);
}

/** Whether a workflow in this state goes on. */
export function inProgress(state: string): boolean {
  return !ENDED.has(state);
}

/** Whether a workflow in this state can be resumed. */
export function resumable(state: string): boolean {
  return state === "FAILED" || state === "TERMINATED";
}
