import type { WireSummary, WireWorkflow } from "../wire/types";
import { type Step, toStep } from "./step";
import { visible } from "./text";
import { type Moment, moment } from "./time";
import { toUnserved, type Unserved } from "./unserved";

export interface Summary {
  id: string;
  /** What it is called: its flow's name, or the beginning of its id. */
  title: string;
  named: boolean;
  state: string;
  created: Moment;
  ended: Moment;
  done: number;
  total: number;
}

export interface Workflow extends Summary {
  reasons: string[];
  input: unknown;
  output: unknown;
  hasSource: boolean;
  /** What of the steps still to come nobody serves. */
  unserved: Unserved[];
  steps: Step[];
}

export function toSummary(wire: WireSummary): Summary {
  return {
    id: wire.id,
    title: visible(wire.name) || wire.id.slice(0, 8),
    named: Boolean(wire.name),
    state: wire.state,
    created: moment(wire.created),
    ended: moment(wire.ended),
    done: wire.done,
    total: wire.total,
  };
}

export function toWorkflow(wire: WireWorkflow): Workflow {
  return {
    ...toSummary(wire),
    reasons: wire.reasons.map(visible),
    input: wire.input,
    output: wire.output,
    hasSource: wire.has_source,
    unserved: wire.unserved.map(toUnserved),
    steps: wire.steps.map(toStep),
  };
}

/** How long it runs or ran, in ms. */
export function elapsed(workflow: Summary, now: number): number | null {
  if (workflow.created === null) return null;
  return Math.max(0, (workflow.ended ?? now) - workflow.created);
}
