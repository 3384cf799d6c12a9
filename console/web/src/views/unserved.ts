import type { WireUnserved } from "../wire/types";
import { visible } from "./text";

/** A category that nobody serves: sentences that say so, and what to start. */
export interface Unserved {
  category: string;
  found: string;
  advice: string;
}

export function toUnserved(wire: WireUnserved): Unserved {
  return {
    category: visible(wire.category),
    found: sentence(wire.found),
    advice: sentence(wire.advice),
  };
}

function sentence(text: string): string {
  return `${visible(text.charAt(0).toUpperCase() + text.slice(1))}.`;
}
