import { useMemo, useRef } from "preact/hooks";
import { now } from "../state/clock";
import { lookOf } from "../views/states";
import { isWork, type Step, spent } from "../views/step";
import { clipped } from "../views/text";
import { duration } from "../views/time";
import type { Workflow } from "../views/workflow";
import { ticks } from "./ticks";
import { useWindow } from "./window";

const ROW = 32;

interface Props {
  workflow: Workflow;
  selected: number | null;
  onSelect: (step: number) => void;
}

/** When each step was queued and when it ran: the hatched part is the wait for a worker. */
export function Timeline({ workflow, selected, onSelect }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () =>
      workflow.steps
        .filter((step) => step.queued !== null && isWork(step))
        .sort((a, b) => (a.queued ?? 0) - (b.queued ?? 0) || a.index - b.index),
    [workflow.steps],
  );
  const seen = useWindow(box, rows.length, ROW);
  const begin = workflow.created ?? rows[0]?.queued ?? 0;
  const end = workflow.ended ?? now.value;
  const span = Math.max(1, end - begin);
  if (!rows.length) return <p class="nothing">Nothing has begun yet.</p>;
  return (
    <section class="scroll card timeline" ref={box} aria-label="Timeline">
      <div class="timeline-head" aria-hidden="true">
        <span class="legend">
          <i class="wait" /> waits for a worker <i class="run" /> runs
        </span>
        <span class="axis">
          {ticks(span).map((at) => (
            <span key={at} style={{ left: `${(100 * at) / span}%` }}>
              {duration(at)}
            </span>
          ))}
        </span>
      </div>
      <ul style={{ paddingTop: `${seen.before}px`, paddingBottom: `${seen.after}px` }}>
        {rows.slice(seen.first, seen.end).map((step) => (
          <Bar
            key={step.index}
            step={step}
            begin={begin}
            span={span}
            chosen={step.index === selected}
            onSelect={onSelect}
          />
        ))}
      </ul>
    </section>
  );
}

interface BarProps {
  step: Step;
  begin: number;
  span: number;
  chosen: boolean;
  onSelect: (step: number) => void;
}

function Bar({ step, begin, span, chosen, onSelect }: BarProps) {
  const { queue, run } = spent(step, now.value);
  const part = (ms: number) => `${Math.min(100, Math.max(0, (100 * ms) / span))}%`;
  const from = (step.queued ?? begin) - begin;
  const { tone, label } = lookOf(step.state);
  const words = `${label}, waited ${duration(queue ?? 0)}${run === null ? "" : `, ran ${duration(run)}`}`;
  return (
    <li class={chosen ? "chosen" : ""}>
      <button type="button" onClick={() => onSelect(step.index)} title={words}>
        <span class="bar-name">
          <span class={`glyph tone-${tone}`} aria-hidden="true">
            {lookOf(step.state).glyph}
          </span>
          {clipped(step.name, 40)}
          <span class="hidden-text">: {words}</span>
        </span>
        <span class={`track tone-${tone}`}>
          <i class="wait" style={{ left: part(from), width: part(queue ?? 0) }} />
          {run !== null && (
            <i class="run" style={{ left: part(from + (queue ?? 0)), width: part(run) }} />
          )}
        </span>
        <span class="number muted">{run === null ? "" : duration(run)}</span>
      </button>
    </li>
  );
}
