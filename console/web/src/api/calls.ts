import { type Change, toChange } from "../views/change";
import { type DeadLetter, toDeadLetter } from "../views/dead-letter";
import { type Graph, toGraph } from "../views/graph";
import { type Health, toHealth } from "../views/health";
import { type StepDetail, toStepDetail } from "../views/step";
import { toUnserved, type Unserved } from "../views/unserved";
import { toWait, type Wait } from "../views/wait";
import { type Summary, toSummary, toWorkflow, type Workflow } from "../views/workflow";
import { MOST_PER_PAGE, type WaitKind } from "../wire/facts";
import type { Typed } from "../wire/lossless";
import type * as wire from "../wire/types";
import { json, lossless, request } from "./client";

/** Everything the console reads from the API, each call one function. */

type Signal = AbortSignal | null;

export interface Page {
  rows: Summary[];
  /** Where the next page begins, empty on the last. */
  next: string;
}

/** One page; a page of the API may be short, even empty, while the search goes on. */
export async function listWorkflows(query: URLSearchParams, signal: Signal = null): Promise<Page> {
  const size = Number(query.get("size"));
  const page = await onePage(query, signal);
  while (page.next && page.rows.length < size) {
    const rest = new URLSearchParams(query);
    rest.set("cursor", page.next);
    rest.set("size", String(size - page.rows.length));
    const more = await onePage(rest, signal);
    page.rows.push(...more.rows);
    page.next = more.next;
  }
  return page;
}

/** The ids on this and all pages that follow, `most` of them. */
export async function listAllIds(query: URLSearchParams, most: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = query.get("cursor"); cursor !== null && ids.length < most; ) {
    const { rows, next } = await onePage(new URLSearchParams([...query, ["cursor", cursor]]), null);
    ids.push(...rows.map((row) => row.id));
    cursor = next || null;
  }
  return ids.slice(0, most);
}

async function onePage(query: URLSearchParams, signal: Signal): Promise<Page> {
  const asked = new URLSearchParams(query);
  const cursor = query.getAll("cursor").at(-1) ?? "";
  asked.set("cursor", cursor);
  const response = await request(`workflows/?${asked}`, { signal });
  const rows = (await response.json()) as wire.WireSummary[];
  return { rows: rows.map(toSummary), next: nextCursor(response.headers.get("Link")) };
}

/** The cursor in `<…?cursor=…>; rel="next"`. */
export function nextCursor(link: string | null): string {
  const address = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(link ?? "")?.[1];
  return address ? (new URL(address, "http://x/").searchParams.get("cursor") ?? "") : "";
}

export async function loadWorkflow(id: string, signal: Signal = null): Promise<Workflow> {
  return toWorkflow(await lossless<wire.WireWorkflow>(`${workflowPath(id)}/steps`, { signal }));
}

export async function loadGraph(id: string, signal: Signal = null): Promise<Graph> {
  return toGraph(await json<wire.WireGraph>(`${workflowPath(id)}/graph.json`, { signal }));
}

export async function loadStep(id: string, index: number, signal: Signal): Promise<StepDetail> {
  return toStepDetail(
    await lossless<wire.WireStepDetail>(`${workflowPath(id)}/steps/${index}`, { signal }),
  );
}

export async function loadSource(id: string, signal: Signal = null): Promise<string> {
  return (await request(`${workflowPath(id)}/source`, { signal })).text();
}

export async function loadTrace(
  id: string,
  start: number,
  signal: Signal = null,
): Promise<{ changes: Change[]; next: number | null }> {
  const trace = await json<wire.WireTrace>(`${workflowPath(id)}/trace?start=${start}&size=500`, {
    signal,
  });
  return { changes: trace.changes.map(toChange), next: trace.next ?? null };
}

/** Waits that are shown at most. */
const MOST_WAITS = 1000;
/** Waits in one answer. */
const PAGE = MOST_PER_PAGE / 2;
/** Running tasks are no waits to be shown. */
const RUNNING_TASK: WaitKind = "task";

/** What waits, but for tasks that somebody works on: those run. */
export async function loadWaits(signal: Signal = null): Promise<Wait[]> {
  const waits: wire.WireWait[] = [];
  for (let cursor = "", more = true; more && waits.length < MOST_WAITS; more = cursor !== "") {
    const response = await request(`waits?size=${PAGE}&cursor=${encodeURIComponent(cursor)}`, {
      signal,
    });
    waits.push(...((await response.json()) as wire.WireWait[]));
    cursor = nextCursor(response.headers.get("Link"));
  }
  return waits.filter((wait) => wait.kind !== RUNNING_TASK).map(toWait);
}

export async function loadHealth(signal: Signal = null): Promise<Health> {
  return toHealth(await json<wire.WireGroups>("groups", { signal }));
}

export async function loadDeadLetters(signal: Signal = null): Promise<DeadLetter[]> {
  return (await lossless<wire.WireDeadLetter[]>("dead?size=200", { signal })).map(toDeadLetter);
}

export async function loadMe(): Promise<wire.Me> {
  return json<wire.Me>("me");
}

/** What would come of a text. */
export interface Checked {
  valid: boolean;
  problems: wire.Problem[];
  unserved: Unserved[];
  graph: Graph | null;
}

export async function checkFlow(
  workflow: string,
  input: Typed | undefined,
  signal: Signal,
): Promise<Checked> {
  const check = await json<wire.WireCheck>("workflows/check", {
    method: "POST",
    json: { workflow, input },
    signal,
  });
  const graph = check.graph ? toGraph(check.graph) : null;
  const unserved = (check.unserved ?? []).map(toUnserved);
  return { valid: check.valid, problems: check.problems ?? [], unserved, graph };
}

export function workflowPath(id: string): string {
  return `workflows/${encodeURIComponent(id)}`;
}
