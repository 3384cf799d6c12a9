import { read } from "../wire/lossless";
import type { WireWait } from "../wire/types";
import { visible } from "./text";
import { type Moment, moment } from "./time";

export interface Wait {
  key: string;
  workflow: string;
  step: number;
  name: string;
  scope: string;
  state: string;
  kind: string;
  on: string;
  /** What the event has to match, or undefined. */
  match: unknown;
  since: Moment;
  due: Moment;
  owner: string;
  sentence: string;
}

export function toWait(wire: WireWait): Wait {
  return {
    key: [wire.workflow, wire.step, wire.scope, wire.kind, wire.on].join(" "),
    workflow: wire.workflow,
    step: wire.step,
    name: visible(wire.name),
    scope: wire.scope,
    state: wire.state,
    kind: wire.kind,
    on: visible(wire.on),
    match: parsed(wire.match),
    since: moment(wire.since),
    due: moment(wire.due),
    owner: visible(wire.owner),
    sentence: visible(wire.sentence),
  };
}

function parsed(text: string): unknown {
  try {
    return text ? read(text) : undefined;
  } catch {
    return undefined;
  }
}
