import { loadSource } from "../api/calls";
import type { Workflow } from "../views/workflow";
import { type Loaded, useLoad } from "./load";

/** The text of a workflow's flow, empty if it was started without one. */
export function useSource({ id, hasSource }: Workflow): Loaded<string> {
  return useLoad(`source ${id}`, (signal) =>
    hasSource ? loadSource(id, signal) : Promise.resolve(""),
  );
}
