import { lookOf } from "../views/states";

/** A state: its colour, its glyph and its word. */
export function Badge({ state, detail = "" }: { state: string; detail?: string }) {
  const { label, tone, glyph } = lookOf(state);
  return (
    <span class={`badge tone-${tone}`}>
      <span class="glyph" aria-hidden="true">
        {glyph}
      </span>
      {label}
      {detail && <span class="detail">{detail}</span>}
    </span>
  );
}
