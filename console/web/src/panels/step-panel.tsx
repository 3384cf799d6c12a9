import { useEffect, useRef } from "preact/hooks";
import { openRetryFrom } from "../actions/retry-from";
import { openSendEvent } from "../actions/send-event";
import { loadStep } from "../api/calls";
import { Attempts } from "../components/attempts";
import { Badge } from "../components/badge";
import { Button } from "../components/button";
import { JsonView } from "../components/json-view";
import { LoadError } from "../components/load-error";
import { Time } from "../components/time";
import { useLoad } from "../live/load";
import { now } from "../state/clock";
import { mayChange } from "../state/session";
import { inProgress } from "../views/states";
import { isWork, type Step, type StepDetail, spent } from "../views/step";
import { hasContent } from "../views/text";
import { duration } from "../views/time";
import type { Workflow } from "../views/workflow";

interface Props {
  workflow: Workflow;
  step: Step;
  select: (step: number | null) => void;
}

/** Everything about one step. */
export function StepPanel({ workflow, step, select }: Props) {
  const { value, error, reload } = useLoad(`step ${workflow.id} ${step.index}`, (signal) =>
    loadStep(workflow.id, step.index, signal),
  );
  const version = `${step.state} ${step.activations} ${step.attempts} ${step.ended}`;
  const shown = useRef(version);
  useEffect(() => {
    if (shown.current === version) return;
    shown.current = version;
    reload();
  }, [version, reload]);
  const may = mayChange.value;
  return (
    <aside class="step-panel" aria-label={`Step ${step.index}`}>
      <header>
        <div>
          <h2>{step.name}</h2>
          <p class="muted">
            step {step.index} · {step.base && step.base !== step.name ? step.base : step.kind}
          </p>
        </div>
        <Button icon="close" kind="quiet" label="Close" onClick={() => select(null)} />
      </header>
      <p class="panel-state">
        <Badge state={step.state} detail={step.attempts > 1 ? `try ${step.attempts}` : ""} />
        {step.activations > 1 && <span class="muted">fired {step.activations} times</span>}
      </p>
      {step.waits && <p>{step.waits}</p>}
      {step.reason && <p class="error-text">{step.reason}</p>}
      {may && (
        <p class="panel-actions">
          {isWork(step) && !inProgress(workflow.state) && (
            <Button icon="rotate" onClick={() => openRetryFrom(workflow.id, step)}>
              Retry from here
            </Button>
          )}
          {step.state === "waiting" && (
            <Button icon="send" onClick={() => openSendEvent(awaited(workflow.id, step))}>
              Send event
            </Button>
          )}
        </p>
      )}
      <Times step={step} />
      <Values detail={value} step={step} />
      <LoadError error={error} />
      {value && <Attempts history={value.history} />}
    </aside>
  );
}

function Times({ step }: { step: Step }) {
  const { queue, run } = spent(step, now.value);
  return (
    <dl class="times">
      <dt>Queued</dt>
      <dd>
        <Time at={step.queued} />
      </dd>
      <dt>Started</dt>
      <dd>
        <Time at={step.started} />
        {queue !== null && <span class="muted"> after {duration(queue)}</span>}
      </dd>
      <dt>Ended</dt>
      <dd>
        <Time at={step.ended} />
        {run !== null && (
          <span class="muted">
            {step.ended === null ? ` ${duration(run)} so far` : ` after ${duration(run)}`}
          </span>
        )}
      </dd>
    </dl>
  );
}

function Values({ detail, step }: { detail: StepDetail | null; step: Step }) {
  return (
    <>
      {hasContent(step.parameters) && (
        <Value title="Parameters" value={step.parameters} what="parameters" />
      )}
      {detail && <Value title="Input" value={detail.input} what="input" />}
      {detail && <Value title="Output" value={detail.output} what="output" />}
    </>
  );
}

function Value({ title, value, what }: { title: string; value: unknown; what: string }) {
  return (
    <section class="value" aria-label={title}>
      <h3>{title}</h3>
      {value === null || value === undefined ? (
        <p class="muted">none</p>
      ) : (
        <JsonView value={value} what={what} />
      )}
    </section>
  );
}

/** The event that a waiting step names in its parameters, ready to send. */
function awaited(workflow: string, step: Step): { workflow: string; kind?: string } {
  const { parameters } = step;
  if (parameters && typeof parameters === "object" && "event" in parameters)
    return { workflow, kind: String(parameters.event) };
  return { workflow };
}
