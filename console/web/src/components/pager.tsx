import { route, setQuery } from "../state/router";
import { Button } from "./button";

/** To the next page and back; the pages passed stand in the address, so that a reload stays here. */
export function Pager({ next }: { next: string }) {
  const passed = route.value.query.getAll("cursor");
  if (!next && !passed.length) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <Button
        disabled={!passed.length}
        icon="back"
        onClick={() => setQuery({ cursor: passed.slice(0, -1) })}
      >
        Previous
      </Button>
      <span class="muted">Page {passed.length + 1}</span>
      <Button disabled={!next} onClick={() => setQuery({ cursor: [...passed, next] })}>
        Next
      </Button>
    </nav>
  );
}
