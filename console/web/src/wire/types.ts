import type { Access } from "./facts";

/** What the API says, as it says it. Times are ISO 8601 in UTC, null if it did not come to that. */

export interface WireError {
  code: number;
  status: string;
  error: string;
  message: string;
  /** Where it is wrong: places in a text, or members of a body. */
  errors?: Partial<Problem>[];
}

export interface Problem {
  /** Both from 1; missing where the whole is refused. */
  line?: number;
  column?: number;
  message: string;
  hint?: string | null;
}

export interface Me {
  name: string;
  access: Access;
  authenticated: boolean;
}

export interface WireSummary {
  id: string;
  name: string | null;
  state: string;
  created: string;
  ended: string | null;
  done: number;
  total: number;
}

export interface WireStep {
  index: number;
  name: string;
  kind: string;
  base: string;
  category: string;
  parameters: unknown;
  state: string;
  queued: string | null;
  started: string | null;
  ended: string | null;
  activations: number;
  attempts: number;
  open: number;
  waiting: number;
  reason: string;
  waits: string;
  line: number;
  column: number;
  /** Of an iteration; null if it runs once. */
  items: WireItems | null;
}

export interface WireItems {
  total: number;
  ended: number;
  failed: number;
}

export interface WireAttempt {
  number: number;
  activation: number;
  scope: string;
  queued: string | null;
  started: string | null;
  ended: string | null;
  worker: string;
  /** How it was closed: end, fail, continue, retry, requeue, cancel; empty while it is open. */
  result: string;
  reason: string;
  traceback: string;
  celery_id: string;
}

export interface WireStepDetail extends WireStep {
  input: unknown;
  output: unknown;
  history: WireAttempt[];
}

/** A category that nobody serves, with names close to it that are served. */
export interface WireUnserved {
  category: string;
  steps: number[];
  close: string[];
  found: string;
  advice: string;
}

export interface WireWorkflow extends WireSummary {
  reason: string;
  reasons: string[];
  input: unknown;
  output: unknown;
  has_source: boolean;
  unserved: WireUnserved[];
  steps: WireStep[];
}

export interface WireNode {
  index: number;
  name: string;
  label: string;
  kind: string;
  base: string;
  category: string;
  parent: number;
  /** Null in the graph of a text that does not run. */
  state: string | null;
  activations: number;
  attempts: number;
  line: number;
  column: number;
}

export interface WireCluster {
  index: number;
  end: number;
  parent: number;
  label: string;
}

export interface WireEdge {
  from: number;
  to: number;
  guard?: string | null;
  back: boolean;
}

export interface WireGraph {
  nodes: WireNode[];
  clusters: WireCluster[];
  edges: WireEdge[];
}

export interface WireChange {
  at: string;
  what: string;
  step: number | null;
  scope: string;
  activation: number;
  attempt: number;
  detail: string;
  state: string;
}

export interface WireTrace {
  next?: number | null;
  changes: WireChange[];
}

export interface WireFeed {
  workflow: string;
  state: string;
  changes: WireChange[];
}

export interface WireWait {
  workflow: string;
  step: number;
  name: string;
  scope: string;
  state: string;
  kind: string;
  on: string;
  /** What the event has to match, JSON. */
  match: string;
  since: string | null;
  due: string | null;
  owner: string;
  sentence: string;
}

export interface WireCheck {
  valid: boolean;
  problems: Problem[];
  unserved?: WireUnserved[];
  graph?: WireGraph | null;
}

export interface WireDone {
  status: string;
  message: string;
  workflow?: string;
  state?: string;
  uri?: string;
  event?: string;
}

export interface WireBulk {
  results: { workflow: string; status: string; message: string }[];
  more: boolean;
}

export interface WireDeadLetter {
  id: string;
  at: string;
  reason: string;
  event: string;
  kind: string;
  workflow: string;
  cut: boolean;
  ended: boolean;
  fields: Record<string, unknown>;
}

export interface WireGroups {
  groups: { name: string; consumers: number; pending: number; lag: number | null }[];
  bridges: { category: string; in_flight: number }[];
  stream_length: number;
  timers: number;
  dead: number;
}
