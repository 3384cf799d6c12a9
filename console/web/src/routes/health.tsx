import { loadHealth } from "../api/calls";
import { LoadError } from "../components/load-error";
import { useLoad } from "../live/load";
import { apiAddress, COMMAND } from "../state/config";
import { lostSince } from "../state/link";
import type { Health } from "../views/health";

/** Ms between two looks. */
const EVERY_MS = 3000;

/** How the processes get along: groups with their lag, bridges, timers. */
export function HealthRoute() {
  const { value, error } = useLoad("health", loadHealth, EVERY_MS);
  return (
    <section class="page">
      <div class="page-head">
        <h1>Health</h1>
      </div>
      <LoadError error={error} />
      {value && (
        <>
          <Numbers health={value} />
          <Groups health={value} />
          <Bridges health={value} />
        </>
      )}
    </section>
  );
}

function Numbers({ health }: { health: Health }) {
  const numbers = [
    { title: "Events in the stream", value: health.streamLength },
    { title: "Timers", value: health.timers },
    { title: "Dead letters", value: health.dead, link: "#/dead" },
  ];
  return (
    <div class="numbers">
      {numbers.map(({ title, value, link }) => (
        <div key={title} class={`card number-card${link && value ? " tone-failed" : ""}`}>
          <span>{title}</span>
          <strong>{value.toLocaleString("en")}</strong>
          {link && <a href={link}>Look at them</a>}
        </div>
      ))}
      <div class="card number-card">
        <span>API</span>
        <strong>{lostSince.value === null ? "answers" : "does not answer"}</strong>
        <code>{apiAddress.value}</code>
      </div>
    </div>
  );
}

function Groups({ health }: { health: Health }) {
  return (
    <section class="card scroll-x">
      <table>
        <caption>Consumer groups</caption>
        <thead>
          <tr>
            <th>Group</th>
            <th class="end">Consumers</th>
            <th class="end">In hand</th>
            <th class="end">Not read yet</th>
          </tr>
        </thead>
        <tbody>
          {health.groups.map((group) => (
            <tr key={group.name}>
              <td>
                <code>{group.name}</code>
              </td>
              <td class="end number">{group.consumers || <span class="error-text">none</span>}</td>
              <td class="end number">{group.pending}</td>
              <td class="end number">{group.lag ?? "unknown"}</td>
            </tr>
          ))}
          {!health.groups.length && (
            <tr>
              <td colSpan={4} class="muted">
                No group yet: is a worker running? <code>{COMMAND} worker</code>
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

function Bridges({ health }: { health: Health }) {
  if (!health.bridges.length) return null;
  return (
    <section class="card scroll-x">
      <table>
        <caption>Bridges to Celery</caption>
        <thead>
          <tr>
            <th>Category</th>
            <th class="end">In flight</th>
          </tr>
        </thead>
        <tbody>
          {health.bridges.map((bridge) => (
            <tr key={bridge.category}>
              <td>
                {bridge.category ? (
                  <code>{bridge.category}</code>
                ) : (
                  <span class="muted">without a category</span>
                )}
              </td>
              <td class="end number">{bridge.inFlight}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
