import { useMemo, useRef, useState } from "preact/hooks";
import { now } from "../state/clock";
import type { Step } from "../views/step";
import { clipped, pretty } from "../views/text";
import type { Workflow } from "../views/workflow";
import { Badge } from "./badge";
import { OutputCell } from "./output-cell";
import { COLUMNS, matches, type SortKey, sorted } from "./step-columns";
import { Duration, Time } from "./time";
import { useWindow } from "./window";

const ROW = 40;

interface Props {
  workflow: Workflow;
  selected: number | null;
  onSelect: (step: number) => void;
}

/** The steps as a table: sorted by any column, filtered by any word. */
export function StepTable({ workflow, selected, onSelect }: Props) {
  const [sort, setSort] = useState<{ key: SortKey; down: boolean }>({ key: "index", down: false });
  const [filter, setFilter] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => {
    const found = workflow.steps.filter((step) => matches(step, filter));
    return sorted(found, sort.key, sort.down, now.peek());
  }, [workflow.steps, filter, sort]);
  const seen = useWindow(box, rows.length, ROW);
  return (
    <>
      <div class="view-tools">
        <input
          type="search"
          aria-label="Filter the steps"
          placeholder="Filter by name, base, state …"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <span class="muted">
          {rows.length === workflow.steps.length
            ? `${rows.length} steps`
            : `${rows.length} of ${workflow.steps.length} steps`}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <section class="scroll card" ref={box} tabIndex={0} aria-label="Steps">
        <table class="steps" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              {COLUMNS.map(({ key, title }) => (
                <th
                  key={key}
                  aria-sort={sort.key === key ? (sort.down ? "descending" : "ascending") : "none"}
                >
                  <button
                    type="button"
                    class="sort"
                    onClick={() => setSort({ key, down: sort.key === key && !sort.down })}
                  >
                    {title}
                    <span aria-hidden="true">
                      {sort.key === key ? (sort.down ? " ↓" : " ↑") : ""}
                    </span>
                  </button>
                </th>
              ))}
              <th>Output</th>
            </tr>
          </thead>
          <tbody>
            {seen.before > 0 && <tr class="gap" style={{ height: `${seen.before}px` }} />}
            {rows.slice(seen.first, seen.end).map((step, i) => (
              <Row
                key={step.index}
                place={seen.first + i + 2}
                id={workflow.id}
                step={step}
                chosen={step.index === selected}
                onSelect={onSelect}
              />
            ))}
            {seen.after > 0 && <tr class="gap" style={{ height: `${seen.after}px` }} />}
          </tbody>
        </table>
      </section>
    </>
  );
}

interface RowProps {
  id: string;
  place: number;
  step: Step;
  chosen: boolean;
  onSelect: (step: number) => void;
}

function Row({ id, place, step, chosen, onSelect }: RowProps) {
  const parameters = step.parameters === null ? "" : pretty(step.parameters, 0);
  return (
    <tr class={chosen ? "chosen" : ""} aria-rowindex={place} onClick={() => onSelect(step.index)}>
      <td class="number">{step.index}</td>
      <td class="strong">
        <button type="button" class="link" onClick={() => onSelect(step.index)}>
          {clipped(step.name, 60)}
        </button>
      </td>
      <td>
        <Badge state={step.state} detail={step.attempts > 1 ? `try ${step.attempts}` : ""} />
      </td>
      <td class="code">{parameters === "{}" ? "" : clipped(parameters, 60)}</td>
      <td>{clipped(step.base, 40)}</td>
      <td>{clipped(step.category, 20)}</td>
      <td>{step.kind}</td>
      <td>
        <Time at={step.started} />
      </td>
      <td>
        <Time at={step.ended} />
      </td>
      <td>
        <Duration from={step.started} to={step.ended} />
      </td>
      <td class="number">{step.attempts || ""}</td>
      <td class="code">
        <OutputCell id={id} step={step} />
      </td>
    </tr>
  );
}
