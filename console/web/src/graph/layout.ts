import type { Orientation } from "../state/preferences";
import { toDot } from "./dot";
import type { Drawn } from "./fold";
import type { Answer, Question } from "./layout.worker";
import { type Placed, readPlain } from "./placed";
import { crowded, quickLayout } from "./quick";

/** The layout that failed or was overtaken by a newer one of the same view. */
export class LayoutError extends Error {}

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, (answer: Answer) => void>();

/** Layouts that are kept, so that a page comes back at once. */
const KEPT = 4;
const kept = new Map<string, Placed & { ms: number }>();

/** Have Graphviz lay a graph out, in a worker: the page stays alive meanwhile. */
export async function layOut(
  drawn: Drawn,
  orientation: Orientation,
): Promise<Placed & { ms: number }> {
  if (crowded(drawn)) {
    const begun = performance.now();
    return { ...quickLayout(drawn, orientation), ms: performance.now() - begun };
  }
  const dot = toDot(drawn, orientation);
  const known = kept.get(dot);
  if (known) return known;
  last += 1;
  const question: Question = { id: last, dot };
  const answer = await new Promise<Answer>((resolve) => {
    waiting.set(question.id, resolve);
    theWorker().postMessage(question);
  });
  if ("error" in answer) throw new LayoutError(answer.error);
  const placed = { ...readPlain(answer.plain, orientation === "horizontal"), ms: answer.ms };
  kept.set(dot, placed);
  for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
  return placed;
}

function theWorker(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  });
  worker.addEventListener("error", (event) => {
    // It died, with all that it was asked; the next question starts another.
    for (const [id, resolve] of waiting) resolve({ id, error: event.message || "no layout" });
    waiting.clear();
    worker = null;
  });
  return worker;
}
