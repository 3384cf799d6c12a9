import { useState } from "preact/hooks";
import { useTrace } from "../live/trace";
import type { Change } from "../views/change";
import { count } from "../views/text";
import type { Workflow } from "../views/workflow";
import { Badge } from "./badge";
import { Time } from "./time";
import { WindowedTable } from "./windowed-table";

const HEAD = ["Time", "What", "Step", "Attempt", "State afterwards", "Detail"].map((title) => (
  <th key={title}>{title}</th>
));

interface Props {
  workflow: Workflow;
  revision: number;
  selected: number | null;
  onSelect: (step: number) => void;
}

/** Every change of the workflow, the newest first, live. */
export function Events({ workflow, revision, selected, onSelect }: Props) {
  const { changes, error } = useTrace(workflow.id, revision);
  const [onlyStep, setOnlyStep] = useState(false);
  const rows = (
    onlyStep && selected !== null ? changes.filter((one) => one.step === selected) : changes
  ).toReversed();
  const names = new Map(workflow.steps.map((step) => [step.index, step.name]));
  return (
    <>
      <div class="view-tools">
        <span class="muted">{count(rows.length, "change")}</span>
        {selected !== null && (
          <label class="check">
            <input type="checkbox" checked={onlyStep} onChange={() => setOnlyStep(!onlyStep)} />
            Only of step {selected}
          </label>
        )}
        {error && <span class="error-text">{error}</span>}
      </div>
      <WindowedTable
        label="Events"
        head={HEAD}
        rows={rows}
        row={(change, place) => (
          <Row
            // Counted from the oldest: a change is its place in the trace.
            key={rows.length - place}
            change={change}
            name={change.step === null ? "" : (names.get(change.step) ?? "")}
            onSelect={onSelect}
          />
        )}
      />
    </>
  );
}

interface RowProps {
  change: Change;
  name: string;
  onSelect: (step: number) => void;
}

function Row({ change, name, onSelect }: RowProps) {
  const { step } = change;
  return (
    <tr>
      <td>
        <Time at={change.at} />
      </td>
      <td>{change.what}</td>
      <td>
        {step !== null && (
          <button type="button" class="link" onClick={() => onSelect(step)}>
            {step} {name}
          </button>
        )}
      </td>
      <td class="number">
        {change.activation > 0 && `${change.activation}.${change.attempt}`}
        {change.scope && ` item ${change.scope}`}
      </td>
      <td>{change.state && <Badge state={change.state} />}</td>
      <td class="detail" title={change.detail}>
        {change.detail}
      </td>
    </tr>
  );
}
