import { effect } from "@preact/signals";
import { tabVisible } from "../state/visible";
import type { WireFeed } from "../wire/types";
import { request } from "./client";
import { serverEvents } from "./sse";

/** Ms between two tries to connect: the first, and the most. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 8000;

export interface FeedHandler {
  change(feed: WireFeed): void;
  /** The stream starts anew: what happened meanwhile is unknown, load everything. */
  reset(): void;
}

/** Follow the API's live feed until the returned function is called; a hidden tab follows nothing. */
export function followFeed(path: string, handler: FeedHandler): () => void {
  let control: AbortController | null = null;
  const stop = effect(() => {
    control?.abort();
    control = null;
    if (!tabVisible.value) return;
    control = new AbortController();
    void run(path, handler, control.signal);
  });
  return () => {
    stop();
    control?.abort();
  };
}

async function run(path: string, handler: FeedHandler, signal: AbortSignal): Promise<void> {
  let last = "";
  let pause = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const response = await request(path, { headers, signal });
      if (!last) handler.reset();
      pause = FIRST_PAUSE;
      if (!response.body) return;
      for await (const event of serverEvents(response.body)) {
        if (signal.aborted) return;
        if (event.id) last = event.id;
        if (event.event === "reset") handler.reset();
        else if (event.event === "change") handler.change(JSON.parse(event.data) as WireFeed);
      }
    } catch {
      // The link or the stream is gone, or the API has no place for one more: try again.
    }
    if (signal.aborted) return;
    await sleep(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    // Without an id to resume from, or with the feed refused, a look now and then keeps up.
    if (!last && !signal.aborted) handler.reset();
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
