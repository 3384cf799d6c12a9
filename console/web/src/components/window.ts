import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Rows drawn above and below what can be seen. */
const BEYOND = 12;

export interface Visible {
  first: number;
  /** One past the last. */
  end: number;
  /** Pixels that stand for the rows before and after. */
  before: number;
  after: number;
}

/** Which of many rows of one height have to be drawn: those in sight of the scrolling `box`. */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): Visible {
  const [place, setPlace] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setPlace({ top: element.scrollTop, height: element.clientHeight });
    look();
    element.addEventListener("scroll", look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      resized.disconnect();
    };
  }, [box]);
  return windowOf(place.top, place.height, count, rowHeight);
}

export function windowOf(top: number, height: number, count: number, rowHeight: number): Visible {
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - BEYOND, count));
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + BEYOND);
  return {
    first,
    end: Math.max(first, end),
    before: first * rowHeight,
    after: Math.max(0, count - end) * rowHeight,
  };
}
