import { useId } from "preact/hooks";

/** What stands in a JSON field: a value, nothing, or why it is neither. */
export interface Parsed {
  value: unknown;
  problem: string;
}

/** Read JSON that somebody typed; empty text is `undefined`. */
export function parseJson(text: string, { object = false } = {}): Parsed {
  if (!text.trim()) return { value: undefined, problem: "" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { value: undefined, problem: `This is not JSON: ${why}` };
  }
  if (object && (value === null || typeof value !== "object" || Array.isArray(value)))
    return { value: undefined, problem: 'An object is needed, such as {"key": 1}' };
  return { value, problem: "" };
}

interface Props {
  label: string;
  text: string;
  onInput: (text: string) => void;
  problem: string;
  hint?: string;
  rows?: number;
}

export function JsonField({ label, text, onInput, problem, hint, rows = 4 }: Props) {
  const note = useId();
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        class="code"
        rows={rows}
        spellcheck={false}
        value={text}
        aria-invalid={Boolean(problem)}
        aria-describedby={note}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <small id={note} class={problem ? "error-text" : "muted"}>
        {problem || hint}
      </small>
    </label>
  );
}
