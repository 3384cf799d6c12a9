import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { orientation } from "../state/preferences";
import { messageOf } from "../views/error";
import type { Graph } from "../views/graph";
import { count } from "../views/text";
import { Camera } from "./camera";
import { Drawing } from "./drawing";
import { drawn, type Folding } from "./fold";
import { GroupCard } from "./group-card";
import { layOut } from "./layout";
import { neighbour } from "./neighbour";
import type { Live } from "./status";
import { Toolbar } from "./toolbar";

interface Props {
  graph: Graph;
  steps: ReadonlyMap<number, Live>;
  selected?: number | null;
  /** A step to mark that is pointed at elsewhere, such as in the source. */
  pointed?: number | null;
  onSelect?: (step: number | null) => void;
  /** What is shown while the pointer rests on a step. */
  tooltip?: (step: number) => ComponentChildren;
}

const UNFOLDED: Folding = { clusters: new Set(), branches: new Set() };

/** The graph of a flow: laid out by Graphviz, drawn by us, live. */
export function GraphView(props: Props) {
  const { graph, steps, selected = null, pointed = null, onSelect } = props;
  const pane = useRef<HTMLDivElement>(null);
  const root = useRef<SVGSVGElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const camera = useRef<Camera | null>(null);
  const [folding, setFolding] = useState(UNFOLDED);
  const [ready, setReady] = useState(0);
  const [error, setError] = useState("");
  const [group, setGroup] = useState<string | null>(null);
  const [hover, setHover] = useState<{ step: number; x: number; y: number } | null>(null);
  const content = useMemo(() => drawn(graph, folding), [graph, folding]);
  const direction = orientation.value;
  const live = useRef(steps);
  live.current = steps;

  useEffect(() => {
    if (!pane.current || !root.current) return;
    drawing.current = new Drawing(root.current);
    const moving = new Camera(pane.current, root.current);
    camera.current = moving;
    const resized = new ResizeObserver(() => moving.refit());
    resized.observe(pane.current);
    return () => {
      resized.disconnect();
      moving.close();
    };
  }, []);

  useEffect(() => {
    let current = true;
    layOut(content, direction)
      .then((placed) => {
        if (!current || !drawing.current) return;
        const begun = performance.now();
        drawing.current.show(content, placed, live.current);
        camera.current?.fit(drawing.current);
        setError("");
        setReady((times) => times + 1);
        const times = { layout: placed.ms, draw: performance.now() - begun };
        for (const [name, ms] of Object.entries(times))
          pane.current?.setAttribute(`data-${name}-ms`, ms.toFixed(1));
      })
      .catch((caught) => current && setError(messageOf(caught)));
    return () => {
      current = false;
    };
  }, [content, direction]);

  useEffect(() => {
    const begun = performance.now();
    const changed = drawing.current?.update(steps) ?? 0;
    if (changed) {
      pane.current?.setAttribute("data-update-ms", (performance.now() - begun).toFixed(1));
      pane.current?.setAttribute("data-updated", String(changed));
    }
  }, [steps]);

  const chosen = selected === null ? group : (drawing.current?.shapeOf(selected) ?? null);
  useEffect(() => {
    drawing.current?.mark(chosen, "selected");
    const place = chosen === null ? null : drawing.current?.placeOf(chosen);
    if (place) camera.current?.reveal(place);
  }, [chosen, ready]);
  useEffect(() => {
    drawing.current?.mark(
      pointed === null ? null : (drawing.current.shapeOf(pointed) ?? null),
      "pointed",
    );
  }, [pointed, ready]);

  const select = (id: string | null) => {
    const shape = id === null ? null : drawing.current?.shape(id);
    const many = shape && (shape.kind === "branches" || shape.kind === "cluster");
    setGroup(many ? shape.id : null);
    onSelect?.(shape && !many ? (shape.members[0] ?? null) : null);
  };
  const toggle = (id: string | null) => {
    if (id === null) return;
    const kind = drawing.current?.shape(id)?.kind;
    setGroup(null);
    if (kind === "cluster") setFolding({ ...folding, clusters: less(folding.clusters, num(id)) });
    else if (kind === "branches")
      setFolding({ ...folding, branches: more(folding.branches, id.split(".")[0] ?? id) });
    else {
      const parent = content.shapes.find((shape) => shape.id === id)?.parent ?? -1;
      if (parent >= 0) setFolding({ ...folding, clusters: more(folding.clusters, parent) });
    }
  };
  const onClick = (event: MouseEvent) => {
    if (camera.current?.moved) return;
    const target = event.target as Element;
    const frame = target.closest<SVGElement>("[data-fold]")?.dataset.fold;
    if (frame !== undefined)
      setFolding({ ...folding, clusters: more(folding.clusters, Number(frame)) });
    else select(target.closest<SVGElement>("[data-shape]")?.dataset.shape ?? null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const done = keys[event.key];
    const next = neighbour(drawing.current?.places() ?? [], chosen, event.key);
    if (next !== null) select(next);
    else if (done) done();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const keys: Record<string, () => void> = {
    "+": () => camera.current?.zoom(1.3),
    "=": () => camera.current?.zoom(1.3),
    "-": () => camera.current?.zoom(1 / 1.3),
    "0": () => camera.current?.refit(),
    f: () => toggle(chosen),
    Escape: () => select(null),
  };
  const clusters = graph.clusters.length > 0;
  const shape = group === null ? null : drawing.current?.shape(group);
  return (
    <div class="graph">
      <div
        ref={pane}
        class="graph-pane"
        role="application"
        aria-label={`Graph of ${count(graph.nodes.length, "step")}: arrows move from step to step`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys work here
        tabIndex={0}
        data-ready={ready}
        onClick={onClick}
        onDblClick={(event) =>
          toggle(
            (event.target as Element).closest<SVGElement>("[data-shape]")?.dataset.shape ?? null,
          )
        }
        onKeyDown={onKeyDown}
        onPointerOver={(event) => {
          const step = (event.target as Element).closest<SVGElement>("[data-step]")?.dataset.step;
          const box = pane.current?.getBoundingClientRect();
          if (step === undefined || !box) setHover(null);
          else setHover({ step: Number(step), ...beside(event, box) });
        }}
        onPointerLeave={() => setHover(null)}
      >
        <svg ref={root} class="graph-drawing" aria-hidden="true" />
      </div>
      {ready === 0 && !error && <p class="graph-note muted">Laying out…</p>}
      {error && <p class="graph-note error-text">The graph could not be laid out: {error}</p>}
      <Toolbar
        keys={keys}
        fold={
          clusters || folding.branches.size
            ? {
                folded: folding.clusters.size > 0,
                toggle: () =>
                  setFolding(
                    folding.clusters.size || folding.branches.size
                      ? UNFOLDED
                      : {
                          ...UNFOLDED,
                          clusters: new Set(graph.clusters.map((one) => one.index)),
                        },
                  ),
              }
            : null
        }
      />
      {shape && (
        <GroupCard
          shape={shape}
          steps={steps}
          unfold={() => toggle(shape.id)}
          select={(step) => {
            setGroup(null);
            onSelect?.(step);
          }}
          close={() => setGroup(null)}
        />
      )}
      {hover && props.tooltip && <Tooltip at={hover}>{props.tooltip(hover.step)}</Tooltip>}
      <p class="hidden-text" role="status">
        {chosen === null ? "" : drawing.current?.sentence(chosen)}
      </p>
    </div>
  );
}

function Tooltip({ at, children }: { at: { x: number; y: number }; children: ComponentChildren }) {
  return (
    <div class="tooltip" style={{ left: `${at.x + 14}px`, top: `${at.y + 14}px` }}>
      {children}
    </div>
  );
}

/** Pixels that a tooltip may take. */
const TIP = { width: 300, height: 170 };

/** Beside the pointer, where there is room for a tooltip. */
function beside(event: PointerEvent, pane: DOMRect): { x: number; y: number } {
  const x = Math.min(event.clientX - pane.left, pane.width - TIP.width);
  const y = event.clientY - pane.top;
  return { x: Math.max(0, x), y: y > pane.height - TIP.height ? y - TIP.height : y };
}

function more<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  return new Set(set).add(item);
}

function less<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const rest = new Set(set);
  rest.delete(item);
  return rest;
}

function num(id: string): number {
  return Number(id.slice(1));
}
