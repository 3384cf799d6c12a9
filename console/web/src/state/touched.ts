import { signal } from "@preact/signals";

/** Counts what was changed from this page: whatever is shown loads itself anew. */
export const touched = signal(0);

export function touch(): void {
  touched.value += 1;
}
