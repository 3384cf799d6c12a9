import { expect, test } from "vitest";
import { duration, moment, shown } from "./time";

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [4250, "4.2 s"],
  [59_999, "59 s"],
  [65_000, "1 m 5 s"],
  [3_600_000, "1 h"],
  [90_061_000, "1 d 1 h"],
  [-5, "0 ms"],
])("%d ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test("a time is shown as wanted, the date only on another day", () => {
  const at = Date.UTC(2026, 10, 26, 10, 45, 1);
  expect(shown(at, "utc", at + 5000)).toBe("10:45:01Z");
  expect(shown(at, "utc", at + 86_400_000)).toBe("2026-11-26 10:45:01Z");
  expect(shown(at, "relative", at + 125_000)).toBe("2 m 5 s ago");
  expect(shown(at, "relative", at - 9_000)).toBe("in 9 s");
});

test("what is no time is none", () => {
  expect(moment(null)).toBeNull();
  expect(moment("soon")).toBeNull();
  expect(moment("2026-11-26T10:45:01.123Z")).toBe(Date.UTC(2026, 10, 26, 10, 45, 1, 123));
});
