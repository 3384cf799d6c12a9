import { useEffect, useState } from "preact/hooks";
import { loadStep } from "../api/calls";
import { isWork, type Step } from "../views/step";
import { clipped, pretty } from "../views/text";

/** Ms for which a step must be in sight before its output is asked for. */
const REST_MS = 200;
/** Characters of an output that are shown. */
const SHOWN = 80;

/** The beginning of a step's output, loaded when the step has ended; empty until then. */
export function useOutput(id: string, step: Step): string {
  const [text, setText] = useState("");
  const { index, state, activations } = step;
  const wanted = isWork(step) && state === "ended";
  useEffect(() => {
    if (!wanted) return;
    const control = new AbortController();
    const timer = setTimeout(() => {
      loadStep(id, index, control.signal)
        .then((detail) => setText(clipped(pretty(detail.output, 0), SHOWN)))
        .catch(() => setText(""));
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [id, index, wanted, activations]);
  return wanted ? text : "";
}
