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

/** The changes that close an attempt, and the state of its step afterwards. */
export const STATES_AFTER_CLOSING = {
  "end": "ended",
  "continue": "ended",
  "fail": "failed",
  "retry": "retrying",
  "requeue": "queued",
  "cancel": "cancelled",
} as const;

export const STEP_KINDS = [
  "start",
  "end",
  "task",
  "literal",
  "load",
  "store",
  "subflow-start",
  "subflow-end",
] as const;

export type StepKind = (typeof STEP_KINDS)[number];

export const WAIT_KINDS = [
  "event",
  "latch",
  "timer",
  "category",
  "worker",
  "task",
] as const;

export type WaitKind = (typeof WAIT_KINDS)[number];

export const ACCESS_LEVELS = [
  "full",
  "read",
] as const;

export type Access = (typeof ACCESS_LEVELS)[number];

export const BULK_ACTIONS = [
  "terminate",
  "restart",
  "delete",
] as const;

export type BulkAction = (typeof BULK_ACTIONS)[number];

/** Workflows that one bulk action takes at most. */
export const MOST_PER_BULK = 1000;

/** Items on a page of the API at most. */
export const MOST_PER_PAGE = 1000;

/** Where the API listens by default. */
export const API_PORT = 5000;
