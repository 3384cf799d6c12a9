import { signal } from "@preact/signals";

/** Whether the API answers: `lost` since when, in ms since 1970. */
export const lostSince = signal<number | null>(null);

/** Counts the times the link came back; what is shown is loaded anew then. */
export const regained = signal(0);

export function linkLost(): void {
  lostSince.value ??= Date.now();
}

export function linkRegained(): void {
  if (lostSince.value === null) return;
  lostSince.value = null;
  regained.value += 1;
}
