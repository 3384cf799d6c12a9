import { computed, signal } from "@preact/signals";
import type { Access } from "../wire/facts";
import type { Me } from "../wire/types";
import { go } from "./router";

const KEY = "littleflow-token";

/** The access of a token that changes nothing. */
const READ: Access = "read";

/** The API's token: kept for this tab only. */
export const token = signal(stored());

export const me = signal<Me | null>(null);

/** The API wants a token, or another one. */
export const needsToken = signal(false);

export const mayChange = computed(() => me.value?.access !== READ);

function stored(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function setToken(value: string): void {
  token.value = value.trim();
  needsToken.value = false;
  try {
    if (token.value) sessionStorage.setItem(KEY, token.value);
    else sessionStorage.removeItem(KEY);
  } catch {
    // A browser that stores nothing asks again.
  }
}

export function tokenRefused(): void {
  needsToken.value = true;
}

/** Take the token from `#token=…` and remove it from the address, so that nobody copies it on. */
export function takeTokenFromAddress(): void {
  const match = /[#&]token=([^&]*)/.exec(location.hash);
  if (!match?.[1]) return;
  try {
    setToken(decodeURIComponent(match[1]));
  } catch {
    // Cut off or mistyped: the page asks for a token, if the API wants one.
  }
  const rest = location.hash.replace(match[0], "") || "#/";
  go(rest.startsWith("#/") ? rest : "#/", { replace: true });
}
