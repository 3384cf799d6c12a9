import { useMemo, useRef } from "preact/hooks";
import type { Problem } from "../wire/types";
import { marked } from "./editor-marks";
import { tokens } from "./source-text";

interface Props {
  text: string;
  onInput: (text: string) => void;
  problems: Problem[];
  onRun: () => void;
}

/** A text field over its own coloured copy, with lines counted and mistakes marked at their place. */
export function Editor({ text, onInput, problems, onRun }: Props) {
  const copy = useRef<HTMLDivElement>(null);
  const pieces = useMemo(() => marked(tokens(text), problems), [text, problems]);
  const lines = text.split("\n").length;
  const bad = new Set(problems.map((problem) => problem.line));
  return (
    <div class="editor">
      <div class="editor-under" ref={copy} aria-hidden="true">
        <div class="editor-lines">
          {Array.from({ length: lines }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
            <span key={i} class={bad.has(i + 1) ? "bad" : ""}>
              {i + 1}
            </span>
          ))}
        </div>
        <pre>
          {pieces.map((piece) => (
            <span key={piece.key} class={piece.names}>
              {piece.text}
            </span>
          ))}
          {"\n"}
        </pre>
      </div>
      <textarea
        class="code"
        aria-label="The text of the flow"
        aria-invalid={problems.length > 0}
        placeholder={"fetch → { clean  score } → store"}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        wrap="off"
        value={text}
        onInput={(event) => onInput(event.currentTarget.value)}
        onScroll={(event) => {
          if (!copy.current) return;
          copy.current.scrollTop = event.currentTarget.scrollTop;
          copy.current.scrollLeft = event.currentTarget.scrollLeft;
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onRun();
        }}
      />
    </div>
  );
}
