// biome-ignore-all format: written by console/packaging/facts.py; tests/console compares it.

export const WORKFLOW_STATES = [
  "RUNNING",
  "TERMINATING",
  "TERMINATED",
  "FAILED",
  "FINISHED",
] as const;

export type WorkflowState = (typeof WORKFLOW_STATES)[number];

export const ENDED_WORKFLOW_STATES = [
  "TERMINATED",
  "FAILED",
  "FINISHED",
] as const;

export const STEP_STATES = [
  "idle",
  "ready",
  "queued",
  "running",
  "waiting",
  "retrying",
  "skipped",
  "ended",
  "failed",
  "cancelled",
] as const;

export type StepState = (typeof STEP_STATES)[number];

export const DONE_STEP_STATES = [
  "skipped",
  "ended",
] as const;

export const OVER_STEP_STATES = [
  "skipped",
  "ended",
  "failed",
  "cancelled",
] as const;

export const WAIT_KINDS = [
  "event",
  "latch",
  "timer",
  "category",
  "worker",
  "task",
] as const;
