import { expect, test } from "vitest";
import { parseJson } from "./typed-json";

test.each(["1.0", "-0", "9007199254740993", "1e22", '{"a": 1.10,\n "b": [-0.0]}', "null"])(
  "%s stays as it was typed",
  (text) => {
    expect(parseJson(` ${text}\n`)).toEqual({ value: { text }, problem: "" });
  },
);

test("an integer may be as long as it likes", () => {
  const text = "9".repeat(400);
  expect(parseJson(text).value?.text).toBe(text);
});

test("nothing is no value", () => {
  expect(parseJson("  ")).toEqual({ value: undefined, problem: "" });
});

test.each([
  ["{a: 1}", "line 1, column 2: Quoted object key expected but got 'a'"],
  ['{"a":\n  NaN}', "line 2, column 3: Object value expected after ':'"],
  ['["🙂", -Infinity]', "line 1, column 8: Invalid number '-', expecting a digit but got 'I'"],
  ['{"a": 1, "a": 1.0}', "line 1, column 11: Duplicate key 'a' encountered"],
  ["[1e400]", "1e400 is too large a number"],
  ["[".repeat(100_000), "nested too deep"],
])("%.20s is refused", (text, reason) => {
  const { value, problem } = parseJson(text);
  expect(value).toBeUndefined();
  expect(problem).toContain("This is not JSON: ");
  expect(problem).toContain(reason);
});

test("an object is asked for where one is needed", () => {
  for (const text of ["[1]", "null", "1.0", '"x"'])
    expect(parseJson(text, { object: true }).problem).toContain("An object is needed");
  for (const text of ["{}", '{"constructor": 1}', '{"__proto__": {}}'])
    expect(parseJson(text, { object: true }).problem).toBe("");
});
