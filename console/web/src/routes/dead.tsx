import { openDropDeadLetter, openRetryDeadLetter } from "../actions/dead-letters";
import { loadDeadLetters } from "../api/calls";
import { Button } from "../components/button";
import { JsonView } from "../components/json-view";
import { LoadError } from "../components/load-error";
import { Time } from "../components/time";
import { useLoad } from "../live/load";
import { mayChange } from "../state/session";
import { clipped } from "../views/text";

/** Ms between two looks. */
const EVERY_MS = 5000;

/** Events that could not be processed: send them again, or drop them. */
export function DeadRoute() {
  const { value, error } = useLoad("dead", loadDeadLetters, EVERY_MS);
  return (
    <section class="page">
      <div class="page-head">
        <h1>Dead letters</h1>
      </div>
      <p class="muted">
        Events that no worker could process. Nothing is lost: fix the cause, then send them again.
      </p>
      <LoadError error={error} />
      {value?.length === 0 && <p class="nothing">There are none.</p>}
      {value?.map((letter) => (
        <article key={letter.id} class="card dead-letter">
          <header>
            <div>
              <h2>{clipped(letter.reason, 200)}</h2>
              <p class="muted">
                <Time at={letter.at} /> · {letter.kind || "no kind"} · <code>{letter.id}</code>
              </p>
              {letter.notes.map((note) => (
                <p key={note}>{note}</p>
              ))}
            </div>
            <span class="spacer" />
            {mayChange.value && (
              <>
                <Button icon="refresh" onClick={() => openRetryDeadLetter(letter.id)}>
                  Retry
                </Button>
                <Button icon="trash" onClick={() => openDropDeadLetter(letter.id)}>
                  Drop
                </Button>
              </>
            )}
          </header>
          <details>
            <summary>The event</summary>
            <JsonView value={letter.event} what="event" />
          </details>
        </article>
      ))}
    </section>
  );
}
