import { openRestore } from "../actions/restore";
import { Button } from "../components/button";
import { Command } from "../components/copy";
import { COMMAND } from "../state/config";
import { go } from "../state/router";
import { mayChange } from "../state/session";

/** The list before the first workflow: it says how to get one. */
export function EmptyList() {
  return (
    <section class="page empty">
      <svg class="empty-art" viewBox="0 0 240 80" aria-hidden="true">
        <path d="M48 40h36m36 0c20 0 16-22 36-22m-36 22c20 0 16 22 36 22" />
        <rect x="8" y="28" width="44" height="24" rx="6" />
        <rect x="80" y="28" width="44" height="24" rx="6" />
        <rect x="152" y="6" width="44" height="24" rx="6" />
        <rect x="152" y="50" width="44" height="24" rx="6" />
      </svg>
      <h1>No workflows yet</h1>
      <p>
        A workflow is a small text, such as <code>fetch → &#123; clean score &#125; → store</code>.
        Put one into a file and start it:
      </p>
      <Command line={`echo 'wait:delay(- duration: 5 -) → done' > first.flow`} />
      <Command line={`${COMMAND} run first.flow`} />
      {mayChange.value && (
        <p class="actions">
          <Button kind="primary" icon="play" onClick={() => go("#/run")}>
            Write one here
          </Button>
          <Button icon="upload" onClick={openRestore}>
            Restore an archive
          </Button>
        </p>
      )}
    </section>
  );
}

/** The list when no workflow passes the filters. */
export function NothingFound() {
  return (
    <div class="nothing">
      <p>No workflow passes these filters.</p>
      <Button onClick={() => go("#/")}>Show all</Button>
    </div>
  );
}
