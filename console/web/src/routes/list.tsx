import { useEffect, useState } from "preact/hooks";
import { openRestore } from "../actions/restore";
import { listWorkflows } from "../api/calls";
import { followFeed } from "../api/feed";
import { Button } from "../components/button";
import { Filters } from "../components/filters";
import { LoadError } from "../components/load-error";
import { Pager } from "../components/pager";
import { WorkflowList } from "../components/workflow-list";
import { useLoad } from "../live/load";
import { throttled } from "../live/throttled";
import { EmptyList, NothingFound } from "../panels/empty-list";
import { SelectionBar } from "../panels/selection-bar";
import { apiQuery, isFiltered } from "../state/list-query";
import { route } from "../state/router";
import { mayChange } from "../state/session";

/** Ms between two loads of the list while things happen. */
const RELOAD_MS = 1000;

export function ListRoute() {
  const { query } = route.value;
  const asked = query.toString();
  const { value, error, reload } = useLoad(`list?${asked}`, (signal) =>
    listWorkflows(apiQuery(query, Date.now()), signal),
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setChosen(new Set()), [asked]);
  useEffect(() => {
    const soon = throttled(reload, RELOAD_MS);
    const stop = followFeed("events", { change: soon.call, reset: soon.call });
    return () => {
      stop();
      soon.cancel();
    };
  }, [reload]);
  const first = !isFiltered(query) && !query.has("cursor");
  if (value && first && value.rows.length === 0) return <EmptyList />;
  return (
    <section class="page">
      <div class="page-head">
        <h1>Workflows</h1>
        <span class="spacer" />
        {mayChange.value && (
          <Button icon="upload" onClick={openRestore}>
            Restore
          </Button>
        )}
      </div>
      <Filters />
      <LoadError error={error} />
      {chosen.size > 0 && value && (
        <SelectionBar
          chosen={chosen}
          rows={value.rows}
          more={value.next !== ""}
          choose={setChosen}
        />
      )}
      {value?.rows.length === 0 && <NothingFound />}
      {value && value.rows.length > 0 && (
        <WorkflowList rows={value.rows} chosen={chosen} choose={setChosen} />
      )}
      {!value && !error && <p class="muted loading">Loading…</p>}
      {value && <Pager next={value.next} />}
    </section>
  );
}
