import { signal } from "@preact/signals";
import { tabVisible } from "./visible";

/** The time, each second, in ms since 1970; stands still in a hidden tab. */
export const now = signal(Date.now());

setInterval(() => {
  if (tabVisible.value) now.value = Date.now();
}, 1000);
