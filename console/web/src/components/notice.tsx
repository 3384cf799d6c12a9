import type { ComponentChildren } from "preact";

/** A box that says something about the whole page. */
export function Notice({ tone, children }: { tone: string; children: ComponentChildren }) {
  return (
    <div class={`notice tone-${tone}`} role={tone === "failed" ? "alert" : "status"}>
      {children}
    </div>
  );
}
