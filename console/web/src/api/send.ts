/** The one `fetch` of the console: no cookies, no redirects, nothing kept in a cache. */
export function send(url: URL, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { cache: "no-store", credentials: "omit", redirect: "error", ...init });
}
