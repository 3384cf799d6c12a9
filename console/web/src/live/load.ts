import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { invalidations } from "../state/invalidation";
import { regained } from "../state/link";
import { tabVisible } from "../state/visible";

export interface Loaded<T> {
  value: T | null;
  error: unknown;
  loading: boolean;
  reload: () => void;
}

/** Load something when `key` changes, when the link is back, and every `everyMs` in a visible tab. */
export function useLoad<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs = 0,
): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; error: unknown }>({
    key,
    value: null,
    error: null,
  });
  const [loading, setLoading] = useState(true);
  const latest = useRef(load);
  latest.current = load;
  const control = useRef<AbortController | null>(null);
  const reload = useCallback(() => {
    control.current?.abort();
    const mine = new AbortController();
    control.current = mine;
    setLoading(true);
    latest
      .current(mine.signal)
      .then((value) => !mine.signal.aborted && setState({ key, value, error: null }))
      .catch((error) => {
        // What was shown stays: it is old, but it is something.
        if (!mine.signal.aborted)
          setState((old) => ({ key, value: old.key === key ? old.value : null, error }));
      })
      .finally(() => !mine.signal.aborted && setLoading(false));
  }, [key]);
  const changed = regained.value + invalidations.value;
  const seen = tabVisible.value;
  useEffect(() => {
    if (!seen) return;
    reload();
    const timer = everyMs ? setInterval(reload, everyMs) : undefined;
    return () => clearInterval(timer);
  }, [reload, changed, seen, everyMs]);
  useEffect(() => () => control.current?.abort(), []);
  const fresh = state.key === key;
  return { value: fresh ? state.value : null, error: fresh ? state.error : null, loading, reload };
}
