import type { WireLetter } from "../api/wire";
import { visible } from "./text";
import { type Moment, moment } from "./time";

export interface Letter {
  id: string;
  at: Moment;
  reason: string;
  event: unknown;
}

export function toLetter(wire: WireLetter): Letter {
  return { id: wire.id, at: moment(wire.at), reason: visible(wire.reason), event: wire.event };
}
