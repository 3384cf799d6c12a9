import { now } from "../state/clock";
import { go, href, route, setQuery } from "../state/router";
import { mayChange } from "../state/session";
import { lookOf } from "../views/states";
import { duration } from "../views/time";
import { elapsed, type Summary } from "../views/workflow";
import { Badge } from "./badge";
import { CopyButton } from "./copy";
import { Progress } from "./progress";
import { Time } from "./time";

interface Props {
  rows: Summary[];
  chosen: ReadonlySet<string>;
  choose: (chosen: ReadonlySet<string>) => void;
}

export function WorkflowList({ rows, chosen, choose }: Props) {
  const all = rows.every((row) => chosen.has(row.id));
  return (
    <table class="list">
      <thead>
        <tr>
          {mayChange.value && (
            <th class="tick">
              <input
                type="checkbox"
                aria-label="Select all on this page"
                checked={all}
                onChange={() => choose(new Set(all ? [] : rows.map((row) => row.id)))}
              />
            </th>
          )}
          <th>State</th>
          <th>Workflow</th>
          <Sortable field="created" text="Started" />
          <Sortable field="ended" text="Duration" title="Sorted by the time of the end" />
          <th>Steps</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.id} row={row} chosen={chosen} choose={choose} />
        ))}
      </tbody>
    </table>
  );
}

function Sortable({ field, text, title = "" }: { field: string; text: string; title?: string }) {
  const sort = route.value.query.get("sort") ?? "-created";
  const down = sort === `-${field}`;
  const on = down || sort === field;
  return (
    <th aria-sort={on ? (down ? "descending" : "ascending") : "none"}>
      <button
        type="button"
        class="sort"
        title={title}
        onClick={() => setQuery({ sort: down ? field : `-${field}`, cursor: "" })}
      >
        {text}
        <span aria-hidden="true">{on ? (down ? " ↓" : " ↑") : ""}</span>
      </button>
    </th>
  );
}

function Row({ row, chosen, choose }: Omit<Props, "rows"> & { row: Summary }) {
  const target = href(["workflow", row.id]);
  const on = chosen.has(row.id);
  const toggle = () => {
    const next = new Set(chosen);
    if (!next.delete(row.id)) next.add(row.id);
    choose(next);
  };
  const took = elapsed(row, now.value);
  return (
    // The link inside is what the keyboard reaches; the row only makes it larger for the mouse.
    <tr
      class={on ? "chosen" : ""}
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest("a, button, input")) go(target);
      }}
    >
      {mayChange.value && (
        <td class="tick">
          <input
            type="checkbox"
            aria-label={`Select ${row.title} ${row.id}`}
            checked={on}
            onChange={toggle}
          />
        </td>
      )}
      <td class="cell-state">
        <Badge state={row.state} />
      </td>
      <td class="cell-name">
        <a href={target}>{row.title}</a>
        <span class="id">
          <code>{row.id}</code>
          <CopyButton text={row.id} what="id" />
        </span>
      </td>
      <td class="cell-time">
        <Time at={row.created} />
      </td>
      <td class="number cell-duration">
        {took === null ? "–" : duration(row.ended ? took : Math.floor(took / 1000) * 1000)}
      </td>
      <td class="cell-progress">
        <Progress done={row.done} total={row.total} tone={lookOf(row.state).tone} />
      </td>
    </tr>
  );
}
