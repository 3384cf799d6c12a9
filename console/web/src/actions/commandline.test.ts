import { expect, test } from "vitest";
import { commandLine, quoted } from "./commandline";

test("a command line can be pasted whatever the words are", () => {
  expect(commandLine("terminate", "demo-1")).toBe("python -m littleflow_redis terminate demo-1");
  expect(quoted("it's $HOME; rm")).toBe(`'it'\\''s $HOME; rm'`);
  expect(quoted("")).toBe("''");
  expect(quoted('{"a": 1}')).toBe(`'{"a": 1}'`);
});
