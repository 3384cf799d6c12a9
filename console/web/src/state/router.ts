import { signal } from "@preact/signals";

export interface Route {
  /** The parts of the path: `#/workflow/ID/table?step=3` has three. */
  path: string[];
  query: URLSearchParams;
}

export const route = signal(parse(location.hash));

window.addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

export function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").filter((part) => part !== "");
  return { path: parts.map(decode), query: new URLSearchParams(query) };
}

/** The address of a page; values that are empty are left out of the query. */
export function href(path: string[], query: Record<string, string | string[]> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value].flat()) if (one !== "") search.append(name, one);
  const text = search.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  route.value = parse(location.hash);
}

/** Change parts of the query and stay on the page. An empty value removes it. */
export function setQuery(
  changes: Record<string, string | string[]>,
  { replace = false } = {},
): void {
  const { path, query } = route.value;
  const all: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) all[name] = query.getAll(name);
  go(href(path, { ...all, ...changes }), { replace });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
