import { apiAddress } from "../state/config";
import { linkLost, linkRegained } from "../state/link";
import { token, tokenRefused } from "../state/session";
import { bodyOf, read, type Typed } from "../wire/lossless";
import { ApiError, LinkLost } from "./errors";
import { send } from "./send";

export interface Options {
  method?: "GET" | "POST" | "DELETE";
  /** Sent as JSON. */
  json?: Typed | Record<string, unknown>;
  /** Sent as it is: a form with a file, or plain text. */
  body?: FormData | string;
  headers?: Record<string, string>;
  signal?: AbortSignal | null;
}

/** Ask the API. Raises ApiError for an error of the API, LinkLost without one. */
export async function request(path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  if (token.value) headers.Authorization = `Bearer ${token.value}`;
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await send(new URL(path, apiAddress.value), {
      method: options.method ?? "GET",
      headers,
      body: options.json !== undefined ? bodyOf(options.json) : (options.body ?? null),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    linkLost();
    throw new LinkLost(apiAddress.value);
  }
  if (response.status === 502 || response.status === 504) {
    linkLost();
    throw new LinkLost(apiAddress.value);
  }
  linkRegained();
  if (response.ok) return response;
  const error = new ApiError(response.status, await errorOf(response));
  if (response.status === 401) tokenRefused();
  throw error;
}

export async function json<T>(path: string, options: Options = {}): Promise<T> {
  return (await request(path, options)).json() as Promise<T>;
}

/** The same for what has values of users: their numbers stay as they are. */
export async function lossless<T>(path: string, options: Options = {}): Promise<T> {
  return read(await (await request(path, options)).text()) as T;
}

async function errorOf(response: Response): Promise<object> {
  try {
    return await response.json();
  } catch {
    return {};
  }
}
