import { expect, test } from "vitest";
import { href, parse } from "./router";

test("an address is read back as it was written", () => {
  const address = href(["workflow", "a b/c", "table"], { step: "3", none: "", state: ["A", "B"] });
  const { path, query } = parse(address);
  expect(path).toEqual(["workflow", "a b/c", "table"]);
  expect(query.get("step")).toBe("3");
  expect(query.has("none")).toBe(false);
  expect(query.getAll("state")).toEqual(["A", "B"]);
});

test("nonsense is a page that does not exist, never an error", () => {
  expect(parse("#/%E0%A4%A").path).toEqual(["%E0%A4%A"]);
  expect(parse("").path).toEqual([]);
});
