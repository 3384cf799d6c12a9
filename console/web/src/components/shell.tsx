import type { ComponentChildren } from "preact";
import { showDialog } from "../state/dialogs";
import { theme, times } from "../state/preferences";
import { go, route } from "../state/router";
import { mayChange, me } from "../state/session";
import { Button } from "./button";
import { KeysDialog } from "./keys-dialog";
import { Menu } from "./menu";
import { useShortcuts } from "./shortcuts";

const PAGES = [
  { path: "", title: "Workflows", key: "w" },
  { path: "waiting", title: "Waiting", key: "a" },
  { path: "health", title: "Health", key: "h" },
  { path: "dead", title: "Dead letters", key: "d" },
];

/** The bar on top of every page, and the page. */
export function Shell({ children }: { children: ComponentChildren }) {
  useShortcuts({
    n: () => mayChange.value && go("#/run"),
    "?": () => showDialog(<KeysDialog />),
    ...Object.fromEntries(PAGES.map((page) => [page.key, () => go(`#/${page.path}`)])),
  });
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={focusContent}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href="#/">
          <img src="./icon.svg" alt="" width="24" height="24" />
          littleflow
        </a>
        <nav aria-label="Pages">
          {PAGES.map((page) => (
            <a key={page.path} href={`#/${page.path}`} aria-current={here(page.path)}>
              {page.title}
            </a>
          ))}
        </nav>
        <div class="top-end">
          {!mayChange.value && (
            <span class="badge tone-idle" title={`Token: ${me.value?.name ?? ""}`}>
              read-only
            </span>
          )}
          {mayChange.value && (
            <Button icon="plus" kind="primary" onClick={() => go("#/run")}>
              Run
            </Button>
          )}
          <Menu
            label="Times and theme"
            icon={theme.value === "light" ? "sun" : "moon"}
            items={[
              ...(["local", "utc", "relative"] as const).map((how) => ({
                text: { local: "Local times", utc: "UTC", relative: "Relative times" }[how],
                checked: times.value === how,
                onClick: () => {
                  times.value = how;
                },
              })),
              ...(["auto", "light", "dark"] as const).map((how) => ({
                text: { auto: "Theme of the system", light: "Light", dark: "Dark" }[how],
                checked: theme.value === how,
                onClick: () => {
                  theme.value = how;
                },
              })),
            ]}
          />
          <Button
            icon="command"
            kind="quiet"
            label="Keys"
            onClick={() => showDialog(<KeysDialog />)}
          />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function here(path: string): "page" | undefined {
  const [page = ""] = route.value.path;
  const at = page === "workflow" || page === "run" ? "" : page;
  return at === path ? "page" : undefined;
}

function focusContent(): void {
  document.getElementById("content")?.focus();
}
