import { useEffect, useState } from "preact/hooks";
import { type Checked, checkFlow } from "../api/calls";
import { tabVisible } from "../state/visible";
import { messageOf } from "../views/error";
import { Typed } from "../wire/lossless";
import type { Parsed } from "../wire/typed-json";

/** Ms without a key after which a text is checked. */
const TYPING_MS = 350;
/** Ms after which it is asked again whether somebody serves it. */
const AGAIN_MS = 5000;

/** Have the API check what is being written; a mistake does not take the last graph away. */
export function useCheck(
  text: string,
  input: Parsed,
): { check: Checked | null; checking: boolean; problem: string } {
  const [check, setCheck] = useState<Checked | null>(null);
  const [checking, setChecking] = useState(false);
  const [problem, setProblem] = useState("");
  const typed = input.value?.text;
  const seen = tabVisible.value;
  useEffect(() => {
    if (!text.trim()) {
      setCheck(null);
      setProblem("");
      return;
    }
    if (!seen) return;
    const control = new AbortController();
    setChecking(true);
    const ask = () => {
      const value = typed === undefined ? undefined : new Typed(typed);
      checkFlow(text, value, control.signal)
        .then((found) => {
          setCheck((old) => ({ ...found, graph: found.graph ?? old?.graph ?? null }));
          setProblem("");
          if (found.unserved.length && !control.signal.aborted) timer = setTimeout(ask, AGAIN_MS);
        })
        .catch((error) => !control.signal.aborted && setProblem(messageOf(error)))
        .finally(() => !control.signal.aborted && setChecking(false));
    };
    let timer = setTimeout(ask, TYPING_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text, typed, seen]);
  return { check, checking, problem };
}
