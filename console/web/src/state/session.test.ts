import { beforeEach, expect, test } from "vitest";
import { setToken, takeTokenFromAddress, token } from "./session";

beforeEach(() => setToken(""));

test("a token in the address is taken and removed from it", () => {
  location.hash = "#token=a%2Bb";
  takeTokenFromAddress();
  expect(token.value).toBe("a+b");
  expect(location.hash).toBe("#/");
});

test("one that cannot be decoded is ignored, never an error: the page would stay blank", () => {
  location.hash = "#token=%zz";
  takeTokenFromAddress();
  expect(token.value).toBe("");
  expect(location.hash).toBe("#/");
});
