import { expect, test } from "vitest";
import { parseJson } from "./json-field";

test("JSON, nothing, or a reason", () => {
  expect(parseJson(' {"a": 1} ')).toEqual({ value: { a: 1 }, problem: "" });
  expect(parseJson("  ")).toEqual({ value: undefined, problem: "" });
  expect(parseJson("{a: 1}").problem).toContain("not JSON");
  expect(parseJson("[1]", { object: true }).problem).toContain("An object is needed");
  expect(parseJson("null", { object: true }).problem).toContain("An object is needed");
});
