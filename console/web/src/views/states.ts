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

const LOOKS: Record<string, Look> = {
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

export const WORKFLOW_STATES = ["RUNNING", "TERMINATING", "FAILED", "FINISHED", "TERMINATED"];

/** The states of steps, the most urgent first: of many steps the first found stands for all. */
export const STEP_STATES = [
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

const OVER = new Set(["ended", "skipped", "failed", "cancelled"]);

export function lookOf(state: string): Look {
  return LOOKS[state] ?? { label: state, tone: "idle", glyph: "?" };
}

/** Whether a step in this state has come to an end. */
export function over(state: string): boolean {
  return OVER.has(state);
}

/** Whether a workflow in this state goes on. */
export function inProgress(state: string): boolean {
  return state === "RUNNING" || state === "TERMINATING";
}

/** Whether a workflow in this state can be resumed. */
export function resumable(state: string): boolean {
  return state === "FAILED" || state === "TERMINATED";
}
