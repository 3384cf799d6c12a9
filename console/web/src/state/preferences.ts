import { effect, type Signal, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";
export type Times = "local" | "utc" | "relative";
export type Orientation = "horizontal" | "vertical";

export const theme = kept<Theme>("theme", "auto", ["auto", "light", "dark"]);
export const times = kept<Times>("times", "local", ["local", "utc", "relative"]);
/** On a window that is higher than wide, such as a phone's, graphs run downwards by default. */
const natural: Orientation = innerWidth < innerHeight ? "vertical" : "horizontal";
export const orientation = kept<Orientation>("orientation", natural, ["horizontal", "vertical"]);

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});

/** A choice that this browser remembers. */
function kept<T extends string>(name: string, fallback: T, choices: readonly T[]): Signal<T> {
  const key = `littleflow-${name}`;
  const choice = signal(read(key, fallback, choices));
  effect(() => {
    try {
      if (choice.value === fallback) localStorage.removeItem(key);
      else localStorage.setItem(key, choice.value);
    } catch {
      // Forgotten with the tab, then.
    }
  });
  return choice;
}

function read<T extends string>(key: string, fallback: T, choices: readonly T[]): T {
  try {
    const value = localStorage.getItem(key) as T | null;
    return value && choices.includes(value) ? value : fallback;
  } catch {
    return fallback;
  }
}
