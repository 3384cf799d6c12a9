import type { WireDeadLetter } from "../wire/types";
import { visible } from "./text";
import { type Moment, moment } from "./time";

export interface DeadLetter {
  id: string;
  at: Moment;
  reason: string;
  kind: string;
  workflow: string;
  /** What is to be known about it beyond the reason, sentences. */
  notes: string[];
  event: { id: string; fields: Record<string, unknown> };
}

export function toDeadLetter(wire: WireDeadLetter): DeadLetter {
  const notes = [
    wire.cut && "It was too large to be kept as a whole.",
    wire.ended && "It was a task, which has ended as failed.",
  ];
  return {
    id: wire.id,
    at: moment(wire.at),
    reason: visible(wire.reason),
    kind: visible(wire.kind),
    workflow: wire.workflow,
    notes: notes.filter((note) => note !== false),
    event: { id: wire.event, fields: wire.fields },
  };
}
