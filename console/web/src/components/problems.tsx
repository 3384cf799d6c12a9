import { visible } from "../views/text";
import type { Problem } from "../wire/types";

interface Props {
  problems: Problem[];
  text: string;
  checking: boolean;
  /** Why it could not be checked. */
  other: string;
}

/** What is wrong with a text, and where; or that nothing is. */
export function Problems({ problems, text, checking, other }: Props) {
  const state = checking ? "Checking …" : text.trim() ? "This is a flow." : "Nothing to check yet.";
  return (
    <div class="problems" aria-live="polite">
      {other && <p class="error-text">{other}</p>}
      {problems.map((problem) => (
        <p key={`${problem.line}:${problem.column}:${problem.message}`} class="error-text">
          {problem.line !== undefined && (
            <span class="place">
              line {problem.line}, column {problem.column}:{" "}
            </span>
          )}
          {visible(problem.message)}
          {problem.hint && <span class="muted"> – {visible(problem.hint)}</span>}
        </p>
      ))}
      {!problems.length && !other && <p class="muted">{state}</p>}
    </div>
  );
}
