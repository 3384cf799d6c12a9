import { lookOf, STATES_BY_URGENCY } from "../views/states";
import { type Step, spent } from "../views/step";
import { pretty } from "../views/text";

export type SortKey =
  | "index"
  | "name"
  | "state"
  | "parameters"
  | "base"
  | "category"
  | "kind"
  | "started"
  | "ended"
  | "duration"
  | "attempts";

export const COLUMNS: { key: SortKey; title: string }[] = [
  { key: "index", title: "Step" },
  { key: "name", title: "Name" },
  { key: "state", title: "State" },
  { key: "parameters", title: "Parameters" },
  { key: "base", title: "Base" },
  { key: "category", title: "Category" },
  { key: "kind", title: "Kind" },
  { key: "started", title: "Started" },
  { key: "ended", title: "Ended" },
  { key: "duration", title: "Duration" },
  { key: "attempts", title: "Tries" },
];

/** Whether every word of the filter stands somewhere in the row. */
export function matches(step: Step, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const { label } = lookOf(step.state);
  const parts = [step.index, step.name, step.state, label, step.base, step.kind, step.reason];
  const text = parts.join(" ").toLowerCase();
  const parameters = pretty(step.parameters, 0).toLowerCase();
  return words.every((word) => text.includes(word) || parameters.includes(word));
}

/** The rows by one column; what is missing comes last, equals by their index. */
export function sorted(steps: Step[], key: SortKey, down: boolean, now: number): Step[] {
  const sign = down ? -1 : 1;
  return steps
    .map((step) => ({ step, value: cell(step, key, now) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null)
        return Number(a.value === null) - Number(b.value === null) || a.step.index - b.step.index;
      const order =
        typeof a.value === "string"
          ? a.value.localeCompare(String(b.value), "en", { numeric: true })
          : a.value - Number(b.value);
      return sign * order || a.step.index - b.step.index;
    })
    .map(({ step }) => step);
}

function cell(step: Step, key: SortKey, now: number): string | number | null {
  if (key === "duration") return spent(step, now).run;
  if (key === "state") return (STATES_BY_URGENCY as string[]).indexOf(step.state);
  if (key === "parameters") return pretty(step.parameters, 0) || null;
  return step[key];
}
