import { expect, test } from "vitest";
import { apiQuery, isFiltered } from "./list-query";

test("filters are handed on, periods become times, the last cursor counts", () => {
  const query = new URLSearchParams(
    "state=FAILED&state=RUNNING&q=abc&since=1h&cursor=one&cursor=two&theme=dark",
  );
  const asked = apiQuery(query, Date.UTC(2026, 0, 1, 12));
  expect(asked.getAll("state")).toEqual(["FAILED", "RUNNING"]);
  expect(asked.get("since")).toBe("2026-01-01T11:00:00.000Z");
  expect(asked.get("cursor")).toBe("two");
  expect(asked.has("theme")).toBe(false);
  expect(isFiltered(query)).toBe(true);
  expect(isFiltered(new URLSearchParams("cursor=x&sort=created"))).toBe(false);
});
