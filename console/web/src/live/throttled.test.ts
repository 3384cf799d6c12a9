import { expect, test, vi } from "vitest";
import { throttled } from "./throttled";

test("the first call counts at once, those in between once at the end", () => {
  vi.useFakeTimers();
  const action = vi.fn();
  const { call } = throttled(action, 100);
  call();
  call();
  call();
  expect(action).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(100);
  expect(action).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  expect(action).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
