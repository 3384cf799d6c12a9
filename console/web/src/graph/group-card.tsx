import { Badge } from "../components/badge";
import { Button } from "../components/button";
import { STATES_BY_URGENCY } from "../views/states";
import type { Shape } from "./fold";
import type { Live } from "./status";

/** Members of a group that its card lists. */
const LISTED = 8;

interface Props {
  shape: Shape;
  steps: ReadonlyMap<number, Live>;
  unfold: () => void;
  select: (step: number) => void;
  close: () => void;
}

/** What stands behind a shape of many steps: how many in which state, the most urgent first. */
export function GroupCard({ shape, steps, unfold, select, close }: Props) {
  const states = new Map<string, number[]>();
  for (const index of shape.members) {
    const state = steps.get(index)?.state ?? "idle";
    states.set(state, [...(states.get(state) ?? []), index]);
  }
  const urgent = STATES_BY_URGENCY.flatMap((state) => states.get(state) ?? []);
  return (
    <section class="group-card" aria-label={shape.label}>
      <header>
        <h3>{shape.label}</h3>
        <Button icon="close" kind="quiet" label="Close" onClick={close} />
      </header>
      <p class="group-states">
        {STATES_BY_URGENCY.filter((state) => states.has(state)).map((state) => (
          <Badge key={state} state={state} detail={String(states.get(state)?.length)} />
        ))}
      </p>
      <p class="group-members">
        {urgent.slice(0, LISTED).map((index) => (
          <button key={index} type="button" onClick={() => select(index)}>
            {index}
          </button>
        ))}
        {urgent.length > LISTED && <span class="muted">… {urgent.length} steps</span>}
      </p>
      <Button icon="fold" onClick={unfold}>
        Unfold
      </Button>
    </section>
  );
}
