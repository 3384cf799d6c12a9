import { useEffect, useRef, useState } from "preact/hooks";
import { loadTrace } from "../api/calls";
import { messageOf } from "../api/errors";
import type { Change } from "../views/change";
import { count } from "../views/text";
import type { Workflow } from "../views/workflow";
import { Badge } from "./badge";
import { Time } from "./time";
import { useWindow } from "./window";

const ROW = 36;
/** Most changes that are kept in the page. */
const MOST = 20_000;
/** Ms after a report of the feed before the trace is read on. */
const PAUSE_MS = 300;

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
  const box = useRef<HTMLDivElement>(null);
  const rows = (
    onlyStep && selected !== null ? changes.filter((one) => one.step === selected) : changes
  ).toReversed();
  const seen = useWindow(box, rows.length, ROW);
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <section class="scroll card" ref={box} tabIndex={0} aria-label="Events">
        <table class="steps" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              <th>Time</th>
              <th>What</th>
              <th>Step</th>
              <th>Attempt</th>
              <th>State afterwards</th>
              <th>Detail</th>
            </tr>
          </thead>
          <tbody>
            {seen.before > 0 && <tr class="gap" style={{ height: `${seen.before}px` }} />}
            {rows.slice(seen.first, seen.end).map((change, i) => (
              <Row
                // biome-ignore lint/suspicious/noArrayIndexKey: a change is its place in the trace
                key={rows.length - seen.first - i}
                change={change}
                name={change.step === null ? "" : (names.get(change.step) ?? "")}
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

/** The trace so far, read on whenever the feed reported something. */
function useTrace(id: string, revision: number): { changes: Change[]; error: string } {
  const [changes, setChanges] = useState<Change[]>([]);
  const [error, setError] = useState("");
  const known = useRef<Change[]>([]);
  const control = useRef<AbortController | null>(null);
  useEffect(() => () => control.current?.abort(), []);
  useEffect(() => {
    const timer = setTimeout(
      async () => {
        control.current?.abort();
        const mine = new AbortController();
        control.current = mine;
        try {
          for (;;) {
            const { changes: more, next } = await loadTrace(id, known.current.length, mine.signal);
            known.current = [...known.current, ...more];
            setChanges(known.current);
            setError("");
            if (next === null || !more.length || known.current.length > MOST) return;
          }
        } catch (caught) {
          if (!mine.signal.aborted) setError(messageOf(caught));
        }
      },
      known.current.length ? PAUSE_MS : 0,
    );
    return () => clearTimeout(timer);
  }, [id, revision]);
  return { changes, error };
}
