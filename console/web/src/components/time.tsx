import { now } from "../state/clock";
import { times } from "../state/preferences";
import { duration, exact, type Moment, shown } from "../views/time";

/** A time as the user wants times; the tooltip has it exactly. */
export function Time({ at }: { at: Moment }) {
  if (at === null) return <span class="muted">–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {shown(at, times.value, now.value)}
    </time>
  );
}

/** How long something took, or takes up to now. */
export function Duration({ from, to }: { from: Moment; to: Moment }) {
  if (from === null) return <span class="muted">–</span>;
  if (to !== null) return <span class="number">{duration(to - from)}</span>;
  const sofar = Math.max(0, now.value - from);
  return <span class="number">{duration(Math.floor(sofar / 1000) * 1000)}</span>;
}
