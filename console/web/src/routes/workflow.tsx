import { useRef, useState } from "preact/hooks";
import { loadGraph } from "../api/calls";
import { ApiError } from "../api/errors";
import { Events } from "../components/events";
import { LoadError } from "../components/load-error";
import { useShortcuts } from "../components/shortcuts";
import { Source } from "../components/source";
import { StepTable } from "../components/step-table";
import { StepTip } from "../components/step-tip";
import { Timeline } from "../components/timeline";
import { GraphView } from "../graph/graph-view";
import { useLoad } from "../live/load";
import { useLiveWorkflow } from "../live/workflow";
import { StepPanel } from "../panels/step-panel";
import { WorkflowHead } from "../panels/workflow-head";
import { go, href, route, setQuery } from "../state/router";
import type { Graph } from "../views/graph";

const TABS = ["graph", "timeline", "table", "source", "events"] as const;

export function WorkflowRoute({ id, tab }: { id: string; tab: string }) {
  const { workflow, steps, error, revision } = useLiveWorkflow(id);
  const graph = useGraph(id);
  const [pointed, setPointed] = useState<number | null>(null);
  const asked = route.value.query.get("step");
  const selected = asked === null ? null : Number(asked);
  const select = (step: number | null) =>
    setQuery({ step: step === null ? "" : String(step) }, { replace: true });
  const to = (name: string) => href(["workflow", id, name], asked === null ? {} : { step: asked });
  useShortcuts({
    ...Object.fromEntries(TABS.map((name, i) => [String(i + 1), () => go(to(name))])),
    Escape: () => select(null),
  });
  if (error instanceof ApiError && [400, 404, 422].includes(error.status)) return <Gone id={id} />;
  if (!workflow)
    return (
      <section class="page">
        {error ? <LoadError error={error} /> : <p class="muted loading">Loading…</p>}
      </section>
    );
  const drawing = graph.value && (
    <GraphView
      graph={graph.value}
      steps={steps}
      selected={selected}
      pointed={pointed}
      onSelect={select}
      tooltip={(step) => <StepTip step={steps.get(step)} />}
    />
  );
  const step = selected === null ? undefined : steps.get(selected);
  return (
    <section class="page workflow-page">
      <WorkflowHead workflow={workflow} />
      <nav class="tabs" aria-label="Views of the workflow">
        {TABS.map((name) => (
          <a key={name} href={to(name)} aria-current={name === tab ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div class="workflow-body">
        <div class={`view view-${tab}`}>
          {tab === "graph" && (drawing || <LoadError error={graph.error} />)}
          {tab === "timeline" && (
            <Timeline workflow={workflow} selected={selected} onSelect={select} />
          )}
          {tab === "table" && (
            <StepTable workflow={workflow} selected={selected} onSelect={select} />
          )}
          {tab === "source" && (
            <div class="source-and-graph">
              <Source
                workflow={workflow}
                selected={selected}
                onSelect={select}
                onPoint={setPointed}
              />
              {drawing}
            </div>
          )}
          {tab === "events" && (
            <Events workflow={workflow} revision={revision} selected={selected} onSelect={select} />
          )}
        </div>
        {step && <StepPanel key={step.index} workflow={workflow} step={step} select={select} />}
      </div>
    </section>
  );
}

/** The graph of a workflow never changes: it is loaded once, and what hangs on it stays. */
function useGraph(id: string): { value: Graph | null; error: unknown } {
  const known = useRef<Graph | null>(null);
  const { value, error } = useLoad(`graph ${id}`, async (signal) => {
    known.current ??= await loadGraph(id, signal);
    return known.current;
  });
  return { value, error };
}

function Gone({ id }: { id: string }) {
  return (
    <section class="page empty">
      <h1>There is no such workflow</h1>
      <p>
        <code>{id}</code> was deleted, or never was.
      </p>
      <p>
        <a href="#/">All workflows</a>
      </p>
    </section>
  );
}
