import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useWindow } from "./window";

/** Pixels of a row, as styles/tables.css has it. */
const ROW = 40;

interface Props<T> {
  label: string;
  /** The cells of the head. */
  head: ComponentChildren;
  rows: readonly T[];
  /** Draws one row; `place` counts from 0. */
  row: (row: T, place: number) => ComponentChildren;
}

/** A table of any length that scrolls: only the rows in sight are drawn. */
export function WindowedTable<T>({ label, head, rows, row }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useWindow(box, rows.length, ROW);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it
    <section class="scroll card" ref={box} tabIndex={0} aria-label={label}>
      <table class="steps" aria-rowcount={rows.length + 1}>
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>
          {seen.before > 0 && <tr style={{ height: `${seen.before}px` }} />}
          {rows.slice(seen.first, seen.end).map((one, i) => row(one, seen.first + i))}
          {seen.after > 0 && <tr style={{ height: `${seen.after}px` }} />}
        </tbody>
      </table>
    </section>
  );
}
