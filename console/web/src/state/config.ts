import { signal } from "@preact/signals";
import { API_PORT } from "../wire/facts";

/** Where the API is: what config.json beside the page says, else its own port on the page's host. */
export const apiAddress = signal(
  `${location.protocol}//${location.hostname || "localhost"}:${API_PORT}/`,
);

/** How a command line begins that a user may copy. */
export const COMMAND = "python -m littleflow_redis";
