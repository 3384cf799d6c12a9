import { messageOf } from "../views/error";

/** Why there is nothing to see. */
export function LoadError({ error }: { error: unknown }) {
  return error ? <p class="error-text">{messageOf(error)}</p> : null;
}
