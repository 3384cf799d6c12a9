import type { WireGroups } from "../wire/types";
import { visible } from "./text";

export interface Health {
  groups: { name: string; consumers: number; pending: number; lag: number | null }[];
  bridges: { category: string; inFlight: number }[];
  streamLength: number;
  timers: number;
  dead: number;
}

export function toHealth(wire: WireGroups): Health {
  return {
    groups: wire.groups.map((group) => ({ ...group, name: visible(group.name) })),
    bridges: wire.bridges.map((bridge) => ({
      category: visible(bridge.category),
      inFlight: bridge.in_flight,
    })),
    streamLength: wire.stream_length,
    timers: wire.timers,
    dead: wire.dead,
  };
}
