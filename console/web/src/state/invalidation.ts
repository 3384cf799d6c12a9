import { signal } from "@preact/signals";

/** Counts what was changed from this page: whatever is shown loads itself anew. */
export const invalidations = signal(0);

export function invalidate(): void {
  invalidations.value += 1;
}
