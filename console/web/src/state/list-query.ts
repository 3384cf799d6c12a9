/** The list's filters as they stand in the page's address, and what the API is asked for. */

export const PAGE_SIZE = 50;

export const PERIODS: Record<string, { label: string; ms: number }> = {
  "1h": { label: "Last hour", ms: 3_600_000 },
  "24h": { label: "Last 24 hours", ms: 86_400_000 },
  "7d": { label: "Last 7 days", ms: 604_800_000 },
  "30d": { label: "Last 30 days", ms: 2_592_000_000 },
};

const FILTERS = ["state", "name", "q", "since", "until"];

export function isFiltered(query: URLSearchParams): boolean {
  return FILTERS.some((name) => query.has(name));
}

/** What the API is asked for: the same filters, periods counted back from `now` (ms since 1970). */
export function apiQuery(query: URLSearchParams, now: number, size = PAGE_SIZE): URLSearchParams {
  const asked = new URLSearchParams({ size: String(size) });
  for (const name of ["state", "name", "q", "sort"])
    for (const value of query.getAll(name)) asked.append(name, value);
  for (const name of ["since", "until"]) {
    const value = query.get(name);
    if (value) asked.set(name, timeOf(value, now));
  }
  // Without one the API pages by numbers, which shift when something new comes in.
  asked.set("cursor", query.getAll("cursor").at(-1) ?? "");
  return asked;
}

function timeOf(value: string, now: number): string {
  const period = PERIODS[value];
  if (period) return new Date(now - period.ms).toISOString();
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? value : new Date(ms).toISOString();
}
