import { done, lookOf, STATES_BY_URGENCY, type Tone } from "../views/states";
import type { Step } from "../views/step";
import type { Shape } from "./fold";

/** What a shape says of the steps that it stands for. */
export interface Status {
  state: string;
  tone: Tone;
  glyph: string;
  /** The line under the label. */
  text: string;
  /** Beside the label: how often it fired, where that is more than once. */
  times: string;
  /** Of many steps: the part of each tone, in the order of drawing. */
  parts: { tone: Tone; part: number }[];
}

export type Live = Pick<Step, "state" | "activations" | "attempts" | "items">;

const NOTHING: Live = { state: "idle", activations: 0, attempts: 0, items: null };

export function statusOf(shape: Shape, steps: ReadonlyMap<number, Live>): Status {
  const live = shape.members.map((index) => steps.get(index) ?? NOTHING);
  return live.length > 1 || shape.kind === "cluster" || shape.kind === "branches"
    ? statusOfMany(live)
    : statusOfOne(live[0] ?? NOTHING);
}

function statusOfOne(step: Live): Status {
  const { label, tone, glyph } = lookOf(step.state);
  const { items } = step;
  const retried = step.attempts > 1 ? ` · try ${step.attempts}` : "";
  const part = items && items.ended < items.total ? ` · ${items.ended} of ${items.total}` : "";
  const times = items?.total ?? step.activations;
  return {
    state: step.state,
    tone,
    glyph,
    text: `${label}${part || retried}`,
    times: times > 1 ? `×${times}` : "",
    parts: [],
  };
}

function statusOfMany(steps: Live[]): Status {
  const counts = new Map<string, number>();
  for (const { state } of steps) counts.set(state, (counts.get(state) ?? 0) + 1);
  const present = STATES_BY_URGENCY.filter((state) => counts.has(state));
  const state = stateOfMany(counts, steps.length);
  const words = present.map((one) => `${counts.get(one)} ${lookOf(one).label}`);
  return {
    state,
    tone: lookOf(state).tone,
    glyph: lookOf(state).glyph,
    text: words.slice(0, 2).join(", ") + (words.length > 2 ? ", …" : ""),
    times: "",
    parts: present
      .toReversed()
      .map((one) => ({ tone: lookOf(one).tone, part: (counts.get(one) ?? 0) / steps.length })),
  };
}

/** The most urgent state stands for all; a part that ended already means that the whole runs. */
function stateOfMany(counts: Map<string, number>, total: number): string {
  const first = STATES_BY_URGENCY.find((state) => counts.has(state)) ?? "idle";
  const finished = [...counts].reduce((sum, [state, n]) => sum + (done(state) ? n : 0), 0);
  return first === "idle" && finished > 0 && finished < total ? "running" : first;
}

export function sameStatus(a: Status, b: Status): boolean {
  return (
    a.state === b.state &&
    a.text === b.text &&
    a.times === b.times &&
    a.parts.length === b.parts.length &&
    a.parts.every((one, i) => one.tone === b.parts[i]?.tone && one.part === b.parts[i]?.part)
  );
}
