import { useEffect, useRef, useState } from "preact/hooks";
import { loadTrace } from "../api/calls";
import type { Change } from "../views/change";
import { messageOf } from "../views/error";

/** Most changes that are kept in the page. */
const MOST = 20_000;
/** Ms after a report of the feed before the trace is read on. */
const PAUSE_MS = 300;

/** The trace so far, read on whenever the feed reported something. */
export function useTrace(id: string, revision: number): { changes: Change[]; error: string } {
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
