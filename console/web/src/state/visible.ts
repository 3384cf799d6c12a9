import { signal } from "@preact/signals";

/** Whether anybody can see this tab: a hidden one asks nothing of the API. */
export const tabVisible = signal(document.visibilityState !== "hidden");

document.addEventListener("visibilitychange", () => {
  tabVisible.value = document.visibilityState !== "hidden";
});
