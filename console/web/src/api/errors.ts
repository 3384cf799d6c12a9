import { COMMAND } from "../state/config";
import type { Problem, WireError } from "../wire/types";

/** The API answered, with an error. `word` is its stable name, such as `no-source`. */
export class ApiError extends Error {
  readonly status: number;
  readonly word: string;
  readonly problems: Problem[];

  constructor(status: number, body: Partial<WireError>) {
    super(body.message || `The API answered ${status}.`);
    this.status = status;
    this.word = body.error ?? "";
    this.problems = Array.isArray(body.errors) ? body.errors.filter(isProblem) : [];
  }
}

/** The API could not be reached. */
export class LinkLost extends Error {
  constructor(address: string) {
    super(`The API at ${address} does not answer. Is it running? ${COMMAND}.service`);
  }
}

function isProblem(error: Partial<Problem>): error is Problem {
  return typeof error.line === "number" && typeof error.message === "string";
}
