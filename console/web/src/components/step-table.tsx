import { useMemo, useState } from "preact/hooks";
import { useOutput } from "../live/output";
import { now } from "../state/clock";
import type { Step } from "../views/step";
import { clipped, pretty } from "../views/text";
import type { Workflow } from "../views/workflow";
import { Badge } from "./badge";
import { COLUMNS, matches, type SortKey, sorted } from "./step-columns";
import { Duration, Time } from "./time";
import { WindowedTable } from "./windowed-table";

interface Props {
  workflow: Workflow;
  selected: number | null;
  onSelect: (step: number) => void;
}

/** The steps as a table: sorted by any column, filtered by any word. */
export function StepTable({ workflow, selected, onSelect }: Props) {
  const [sort, setSort] = useState<{ key: SortKey; down: boolean }>({ key: "index", down: false });
  const [filter, setFilter] = useState("");
  const rows = useMemo(() => {
    const found = workflow.steps.filter((step) => matches(step, filter));
    return sorted(found, sort.key, sort.down, now.peek());
  }, [workflow.steps, filter, sort]);
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
      <WindowedTable
        label="Steps"
        head={
          <>
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
          </>
        }
        rows={rows}
        row={(step, place) => (
          <Row
            key={step.index}
            place={place + 2}
            id={workflow.id}
            step={step}
            chosen={step.index === selected}
            onSelect={onSelect}
          />
        )}
      />
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
  const output = useOutput(id, step);
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
      <td class="code">{output}</td>
    </tr>
  );
}
