import { useId } from "preact/hooks";

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
