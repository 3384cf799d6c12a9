import { instance } from "@viz-js/viz";

export interface Question {
  id: number;
  dot: string;
}

export type Answer = { id: number; plain: string; ms: number } | { id: number; error: string };

const graphviz = instance();

self.addEventListener("message", async ({ data }: MessageEvent<Question>) => {
  self.postMessage(await answer(data));
});

async function answer({ id, dot }: Question): Promise<Answer> {
  try {
    const viz = await graphviz;
    const begun = performance.now();
    const plain = viz.renderString(dot, { format: "plain" });
    return { id, plain, ms: performance.now() - begun };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
