import { now } from "../state/clock";
import { times } from "../state/preferences";
import { type Step, spent } from "../views/step";
import { clipped } from "../views/text";
import { duration, shown } from "../views/time";
import { Badge } from "./badge";

/** What is shown while the pointer rests on a step. */
export function StepTip({ step }: { step: Step | undefined }) {
  if (!step) return null;
  const { queue, run } = spent(step, now.value);
  const at = (time: number | null) => (time === null ? "–" : shown(time, times.value, now.value));
  return (
    <>
      <p class="tip-title">
        <strong>{step.name}</strong> <span class="muted">step {step.index}</span>
      </p>
      <Badge state={step.state} detail={step.attempts > 1 ? `try ${step.attempts}` : ""} />
      {step.queued !== null && (
        <p>
          {at(step.started)} → {at(step.ended)}
          <br />
          <span class="muted">
            waited {queue === null ? "–" : duration(queue)}, ran{" "}
            {run === null ? "–" : duration(run)}
          </span>
        </p>
      )}
      {step.waits && <p>{step.waits}</p>}
      {step.reason && <p class="error-text">{clipped(step.reason, 200)}</p>}
    </>
  );
}
