import { expect, test } from "vitest";
import { ticks } from "./ticks";

test.each([1, 950, 4200, 65_000, 5_000_000, 900_000_000])(
  "a span of %d ms has few, round ticks",
  (span) => {
    const found = ticks(span);
    expect(found[0]).toBe(0);
    expect(found.length).toBeLessThanOrEqual(7);
    expect(found.every((at) => at < span)).toBe(true);
  },
);
