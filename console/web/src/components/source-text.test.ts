import { expect, test } from "vitest";
import { tokens } from "./source-text";

test("pieces have kinds and places, and together are the text", () => {
  const text = "@flow a\n# no\nfetch(- url: x -) → { b-c  math:add }->d";
  const found = tokens(text);
  expect(found.map((token) => token.text).join("")).toBe(text);
  const at = (word: string) => found.find((token) => token.text === word);
  expect(at("@flow")?.kind).toBe("keyword");
  expect(at("# no")).toMatchObject({ kind: "comment", line: 2, column: 1 });
  expect(at("fetch")).toMatchObject({ kind: "name", line: 3, column: 1 });
  expect(at("(- url: x -)")?.kind).toBe("literal");
  expect(at("b-c")?.kind).toBe("name");
  expect(at("math:add")?.kind).toBe("name");
  expect(at("d")).toMatchObject({ kind: "name", column: 40 });
});

test("hostile text stays text", () => {
  const text = "<img src=x onerror=alert(1)> → \u202e \n\t“";
  expect(
    tokens(text)
      .map((token) => token.text)
      .join(""),
  ).toBe(text);
});
