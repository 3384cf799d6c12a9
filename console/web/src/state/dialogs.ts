import { signal } from "@preact/signals";
import type { VNode } from "preact";

/** The dialog that is open, if any. */
export const dialog = signal<VNode | null>(null);

export function showDialog(content: VNode): void {
  dialog.value = content;
}

export function closeDialog(): void {
  dialog.value = null;
}
