import { type Attempt, attemptState } from "../views/step";
import { Badge } from "./badge";
import { LongText } from "./json-view";
import { Duration, Time } from "./time";

/** Attempts that are listed, the newest ones. */
const LISTED = 50;

/** The tries of a step, newest first. */
export function Attempts({ history }: { history: Attempt[] }) {
  if (!history.length) return null;
  const newest = history.slice(-LISTED).reverse();
  return (
    <section class="attempts" aria-label="Attempts">
      <h3>
        {history.length === 1 ? "Attempt" : `Attempts: ${history.length}`}
        {history.length > LISTED && `, the last ${LISTED}`}
      </h3>
      <ol>
        {newest.map((attempt) => (
          <li key={attempt.key}>
            <p>
              <Badge state={attemptState(attempt)} />
              <span class="muted">
                {attempt.activation}.{attempt.number}
                {attempt.scope && ` item ${attempt.scope}`}
              </span>
              <span class="spacer" />
              <Time at={attempt.started ?? attempt.queued} />
              <Duration from={attempt.started} to={attempt.ended ?? attempt.started} />
            </p>
            {attempt.worker && <p class="muted">on {attempt.worker}</p>}
            {attempt.celeryId && (
              <p class="muted">
                Celery id <code>{attempt.celeryId}</code>
              </p>
            )}
            {attempt.reason && <p class="error-text">{attempt.reason}</p>}
            {attempt.traceback && (
              <details>
                <summary>Traceback</summary>
                <LongText text={attempt.traceback} what="traceback" />
              </details>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
