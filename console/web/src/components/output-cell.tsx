import { useEffect, useState } from "preact/hooks";
import { loadStep } from "../api/calls";
import { isWork, type Step } from "../views/step";
import { clipped, pretty } from "../views/text";

/** Ms for which a row must be in sight before its output is asked for. */
const REST_MS = 200;

/** The beginning of a step's output, loaded when its row is in sight. */
export function OutputCell({ id, step }: { id: string; step: Step }) {
  const [text, setText] = useState("");
  const { index, state, activations } = step;
  const wanted = isWork(step) && state === "ended";
  useEffect(() => {
    if (!wanted) return;
    const control = new AbortController();
    const timer = setTimeout(() => {
      loadStep(id, index, control.signal)
        .then((detail) => setText(clipped(pretty(detail.output, 0), 80)))
        .catch(() => setText(""));
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [id, index, wanted, activations]);
  return <>{wanted ? text : ""}</>;
}
