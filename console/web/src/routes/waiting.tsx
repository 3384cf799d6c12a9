import { useState } from "preact/hooks";
import { openSendEvent } from "../actions/send-event";
import { loadWaits } from "../api/calls";
import { Badge } from "../components/badge";
import { Button } from "../components/button";
import { LoadError } from "../components/load-error";
import { Duration, Time } from "../components/time";
import { useLoad } from "../live/load";
import { now } from "../state/clock";
import { href } from "../state/router";
import { mayChange } from "../state/session";
import { count } from "../views/text";
import type { Wait } from "../views/wait";
import type { WaitKind } from "../wire/facts";

/** Ms between two looks. */
const EVERY_MS = 3000;

const FILTERS: { kind: WaitKind | ""; title: string }[] = [
  { kind: "", title: "All" },
  { kind: "event", title: "Events" },
  { kind: "latch", title: "Latches" },
  { kind: "timer", title: "Timers" },
  { kind: "category", title: "Workers" },
];

const WORDS: Record<WaitKind, string> = {
  event: "event",
  latch: "latch",
  timer: "a time",
  category: "a worker of",
  worker: "a lifecycle worker",
  task: "task",
};

/** What waits for what, and since when. */
export function WaitingRoute() {
  const { value, error } = useLoad("waits", loadWaits, EVERY_MS);
  const [kind, setKind] = useState("");
  const rows = (value ?? []).filter((wait) => !kind || wait.kind === kind);
  return (
    <section class="page">
      <div class="page-head">
        <h1>Waiting</h1>
        <span class="spacer" />
        {mayChange.value && (
          <Button icon="send" onClick={() => openSendEvent()}>
            Send an event
          </Button>
        )}
      </div>
      <p class="muted">
        Steps that wait for an event, a latch or a time, and attempts that no worker of their
        category has taken up.
      </p>
      <div class="chips">
        {FILTERS.map((one) => (
          <button
            key={one.kind}
            type="button"
            aria-pressed={kind === one.kind}
            onClick={() => setKind(one.kind)}
          >
            {one.title}
          </button>
        ))}
      </div>
      <LoadError error={error} />
      {value && rows.length === 0 && <p class="nothing">Nothing waits.</p>}
      {rows.length > 0 && <WaitTable rows={rows} />}
      {rows.length > 0 && <p class="muted">{count(rows.length, "wait")}</p>}
    </section>
  );
}

function WaitTable({ rows }: { rows: Wait[] }) {
  return (
    <div class="card scroll-x">
      <table>
        <thead>
          <tr>
            <th>Waits for</th>
            <th>Step</th>
            <th>Workflow</th>
            <th>Since</th>
            <th>Until</th>
            <th>
              <span class="hidden-text">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((wait) => (
            <tr key={wait.key}>
              <td>
                <WaitsFor wait={wait} />
              </td>
              <td>
                <a href={href(["workflow", wait.workflow, "graph"], { step: String(wait.step) })}>
                  {wait.step} {wait.name}
                </a>
                {wait.scope && <span class="muted"> item {wait.scope}</span>}
              </td>
              <td>
                <a href={href(["workflow", wait.workflow])}>
                  <code>{wait.workflow}</code>
                </a>
              </td>
              <td>
                <Time at={wait.since} />{" "}
                <span class="muted">
                  <Duration from={wait.since} to={null} />
                </span>
              </td>
              <td>
                <Time at={wait.due} />
                {wait.due !== null && wait.due < now.value && (
                  <span class="error-text"> overdue</span>
                )}
              </td>
              <td class="end">
                {mayChange.value && wait.kind === "event" && (
                  <Button
                    icon="send"
                    onClick={() =>
                      openSendEvent({ workflow: wait.workflow, kind: wait.on, data: wait.match })
                    }
                  >
                    Send
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WaitsFor({ wait }: { wait: Wait }) {
  const none = wait.kind === "category" && !wait.on;
  return (
    <span class="waits-for" title={wait.sentence}>
      <Badge state={wait.state} />
      <span>
        {none
          ? "a worker of no category"
          : ((WORDS as Record<string, string>)[wait.kind] ?? wait.kind)}{" "}
        <code>{wait.on}</code>
      </span>
    </span>
  );
}
