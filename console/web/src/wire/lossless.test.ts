import { expect, test } from "vitest";
import { bodyOf, read, Typed, write } from "./lossless";

const NUMBERS = "0,-0,1,1.0,-1.50,9007199254740993,18446744073709551616,1e-7,1E+2,0.1,1e22";

test("what is read is written as it stood", () => {
  const text = `{"numbers":[${NUMBERS}],"__proto__":{"toString":1.0},"":"\\ud800"}`;
  expect(write(read(text))).toBe(text);
  expect(write(read('{"a":[1.0]}'), 2)).toBe('{\n  "a": [\n    1.0\n  ]\n}');
});

test("numbers that JavaScript keeps are numbers: what the API counts can be counted on", () => {
  expect(read('{"index":7,"half":0.5}')).toEqual({ index: 7, half: 0.5 });
});

test("nothing is written as nothing", () => {
  expect(write(undefined, 2)).toBe("");
});

test("a body has what was typed as it was typed", () => {
  const input = new Typed('{"n": 1.0}');
  expect(bodyOf({ workflow: 'a "b"', input })).toBe('{"workflow":"a \\"b\\"","input":{"n": 1.0}}');
  expect(bodyOf({ from: [1], input: undefined })).toBe('{"from":[1]}');
  expect(bodyOf(new Typed("[-0]"))).toBe("[-0]");
});
