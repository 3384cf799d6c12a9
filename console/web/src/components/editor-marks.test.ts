import { expect, test } from "vitest";
import { marked } from "./editor-marks";
import { tokens } from "./source-text";

function wrong(text: string, line: number, column: number): string[] {
  const pieces = marked(tokens(text), [{ line, column, message: "no" }]);
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  return pieces.filter((piece) => piece.names.includes("wrong")).map((piece) => piece.text);
}

test("a mistake is marked where it stands, in one line and in a block of many", () => {
  expect(wrong("a → fetch(- x -)", 1, 5)).toEqual(["fetch"]);
  expect(wrong("a(-\nx: 1\ny: [ -)", 3, 4)).toEqual(["[ -)"]);
  expect(wrong("a → ] b", 1, 5)).toEqual(["]"]);
});

test("a mistake behind the end of the text marks nothing", () => {
  expect(wrong("a →", 1, 9)).toEqual([]);
});
