import { signal } from "@preact/signals";

/** Where the API is: what config.json beside the page says, else port 5000 of the page's own host. */
export const apiAddress = signal(`${location.protocol}//${location.hostname || "localhost"}:5000/`);

/** How a command line begins that a user may copy. */
export const COMMAND = "python -m littleflow_redis";
