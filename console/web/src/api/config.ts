import { apiAddress } from "../state/config";
import { send } from "./send";

/** Read config.json: `{"api": "https://…/"}`, also relative to the page; empty means the default. */
export async function loadConfig(): Promise<void> {
  try {
    const answer = await send(new URL("config.json", pageAddress()));
    const api: unknown = answer.ok ? (await answer.json()).api : null;
    if (typeof api === "string" && api) apiAddress.value = withSlash(new URL(api, pageAddress()));
  } catch {
    // Without one the default holds.
  }
}

function pageAddress(): string {
  return location.href.replace(/[?#].*$/, "");
}

function withSlash(url: URL): string {
  url.hash = "";
  url.search = "";
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}
