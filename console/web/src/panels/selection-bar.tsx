import { useState } from "preact/hooks";
import { openBulk } from "../actions/bulk";
import { listAllIds } from "../api/calls";
import { Button } from "../components/button";
import { apiQuery } from "../state/list-query";
import { route } from "../state/router";
import { toast } from "../state/toasts";
import { messageOf } from "../views/error";
import { count } from "../views/text";
import type { Summary } from "../views/workflow";
import { type BulkAction, MOST_PER_PAGE } from "../wire/facts";

/** Most workflows that one selection may hold. */
const MOST = 10_000;
/** Workflows in one answer, on the way to all of them. */
const PAGE = MOST_PER_PAGE / 2;

interface Props {
  chosen: ReadonlySet<string>;
  rows: Summary[];
  more: boolean;
  choose: (chosen: ReadonlySet<string>) => void;
}

/** What can be done with all that is selected. */
export function SelectionBar({ chosen, rows, more, choose }: Props) {
  const [busy, setBusy] = useState(false);
  const act = (action: BulkAction) => openBulk(action, [...chosen], () => choose(new Set()));
  const wholePage = rows.every((row) => chosen.has(row.id));
  const chooseAll = async () => {
    setBusy(true);
    try {
      const query = apiQuery(new URLSearchParams(route.value.query), Date.now(), PAGE);
      query.set("cursor", "");
      choose(new Set(await listAllIds(query, MOST)));
    } catch (error) {
      toast(messageOf(error), "bad");
    }
    setBusy(false);
  };
  return (
    <div class="selection-bar" role="toolbar" aria-label="Selected workflows">
      <strong>{count(chosen.size, "workflow")} selected</strong>
      {more && wholePage && chosen.size === rows.length && (
        <Button kind="quiet" disabled={busy} onClick={() => void chooseAll()}>
          {busy ? "Counting…" : "Select all that match, on every page"}
        </Button>
      )}
      <span class="spacer" />
      <Button icon="stop" onClick={() => act("terminate")}>
        Stop
      </Button>
      <Button icon="play" onClick={() => act("restart")}>
        Resume
      </Button>
      <Button icon="trash" onClick={() => act("delete")}>
        Delete
      </Button>
      <Button icon="close" kind="quiet" label="Select nothing" onClick={() => choose(new Set())} />
    </div>
  );
}
