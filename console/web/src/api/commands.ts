import type { BulkAction } from "../wire/facts";
import type { Typed } from "../wire/lossless";
import type { WireBulk, WireDone } from "../wire/types";
import { workflowPath } from "./calls";
import { json, request } from "./client";

/** Everything the console asks the API to change, each call one function. */

function post(path: string, body: Typed | Record<string, unknown> = {}): Promise<WireDone> {
  return json<WireDone>(path, { method: "POST", json: body });
}

/** Start a workflow. Repeating the call with the same `key` starts nothing twice. */
export function start(workflow: string, input: Typed | undefined, key: string): Promise<WireDone> {
  return json<WireDone>("workflows/start", {
    method: "POST",
    json: { workflow, input },
    headers: { "Idempotency-Key": key },
  });
}

export const terminate = (id: string) => post(`${workflowPath(id)}/terminate`);

export const resume = (id: string, all = false) =>
  post(`${workflowPath(id)}/restart`, all ? { all } : {});

/** Run steps again with all that follows from them. */
export const restartFrom = (id: string, step: number, input?: Typed) =>
  post(`${workflowPath(id)}/restart`, { from: [step], input });

export const remove = (id: string) => json<WireDone>(workflowPath(id), { method: "DELETE" });

export const archiveTo = (id: string, uri: string) => post(`${workflowPath(id)}/archive`, { uri });

export async function archiveText(id: string): Promise<Blob> {
  return (await request(`${workflowPath(id)}/archive`)).blob();
}

export const restoreFrom = (uri: string) => post("workflows/restore", { uri });

export const restoreArchive = (archive: Typed) => post("workflows/restore", archive);

export const sendEvent = (kind: string, data: Typed | undefined, workflow: string) =>
  post("events", { kind, data, workflow: workflow || undefined });

export const retryDeadLetter = (id: string) => post(`dead/${encodeURIComponent(id)}/retry`);

export const dropDeadLetter = (id: string) =>
  json<WireDone>(`dead/${encodeURIComponent(id)}`, { method: "DELETE" });

export const bulk = (action: BulkAction, ids: string[]) =>
  json<WireBulk>("workflows/bulk", { method: "POST", json: { action, ids } });
