import { useEffect, useState } from "preact/hooks";
import type { Parsed } from "../actions/typed-json";
import { checkFlow } from "../api/calls";
import { messageOf } from "../api/errors";
import { Typed } from "../api/lossless";
import type { Problem } from "../api/wire";
import type { Graph } from "../views/graph";

/** Ms without a key after which a text is checked. */
const TYPING_MS = 350;

interface Checked {
  valid: boolean;
  problems: Problem[];
  /** Of the last text that was a flow: a mistake in between does not take it away. */
  graph: Graph | null;
}

/** Have the API check what is being written. */
export function useCheck(
  text: string,
  input: Parsed,
): { check: Checked | null; checking: boolean; problem: string } {
  const [check, setCheck] = useState<Checked | null>(null);
  const [checking, setChecking] = useState(false);
  const [problem, setProblem] = useState("");
  const typed = input.value?.text;
  useEffect(() => {
    if (!text.trim()) {
      setCheck(null);
      setProblem("");
      return;
    }
    const control = new AbortController();
    setChecking(true);
    const timer = setTimeout(() => {
      checkFlow(text, typed === undefined ? undefined : new Typed(typed), control.signal)
        .then((found) => {
          setCheck((old) => ({ ...found, graph: found.graph ?? old?.graph ?? null }));
          setProblem("");
        })
        .catch((error) => !control.signal.aborted && setProblem(messageOf(error)))
        .finally(() => !control.signal.aborted && setChecking(false));
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text, typed]);
  return { check, checking, problem };
}
