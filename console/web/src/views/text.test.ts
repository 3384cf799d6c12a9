import { expect, test } from "vitest";
import { read } from "../wire/lossless";
import { clipped, count, hasContent, pretty, visible } from "./text";

test("what cannot be seen or turns the text around is spelled out", () => {
  expect(visible("a\u202egnp.exe")).toBe("a\\u202egnp.exe");
  expect(visible("zero\u200bwidth\u0007")).toBe("zero\\u200bwidth\\u0007");
  expect(visible("two\nlines\tand é 漢 🙂")).toBe("two\nlines\tand é 漢 🙂");
  expect(visible(null)).toBe("");
});

test("JSON is text, never markup", () => {
  expect(pretty({ a: "<img onerror=x>" }, 0)).toBe('{"a":"<img onerror=x>"}');
  expect(pretty(undefined)).toBe("");
});

test("a value that is copied is the value", () => {
  const text = '{"n":1.0,"tag":"\u{e0001}"}';
  expect(pretty(read(text), 0)).toBe('{"n":1.0,"tag":"\\udb40\\udc01"}');
  expect(read(pretty(read(text)))).toEqual(read(text));
});

test("null, {} and nothing have no content", () => {
  expect([undefined, null, {}].map(hasContent)).toEqual([false, false, false]);
  expect([0, "", [], { a: null }, read("1.0")].map(hasContent)).toEqual(Array(5).fill(true));
});

test("counts and clips", () => {
  expect(count(1, "step")).toBe("1 step");
  expect(count(2000, "step")).toBe("2,000 steps");
  expect(clipped("abcdef", 4)).toBe("abc…");
});
