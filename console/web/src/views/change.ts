import type { WireChange } from "../wire/types";
import { visible } from "./text";
import { type Moment, moment } from "./time";

export interface Change {
  at: Moment;
  what: string;
  /** Null where it concerns the workflow as a whole. */
  step: number | null;
  scope: string;
  activation: number;
  attempt: number;
  detail: string;
  /** Of the step afterwards, or of the workflow where there is no step. */
  state: string;
}

export function toChange(wire: WireChange): Change {
  return { ...wire, at: moment(wire.at), what: visible(wire.what), detail: visible(wire.detail) };
}
