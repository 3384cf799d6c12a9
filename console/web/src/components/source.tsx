import { useMemo } from "preact/hooks";
import { useSource } from "../live/source";
import { lookOf } from "../views/states";
import type { Step } from "../views/step";
import { visible } from "../views/text";
import type { Workflow } from "../views/workflow";
import { CopyButton } from "./copy";
import { LoadError } from "./load-error";
import { type Token, tokens } from "./source-text";

interface Props {
  workflow: Workflow;
  selected: number | null;
  onSelect: (step: number) => void;
  onPoint: (step: number | null) => void;
}

/** The text of the flow; a step under the pointer is marked in the graph beside it. */
export function Source({ workflow, selected, onSelect, onPoint }: Props) {
  const { value, error } = useSource(workflow);
  const pieces = useMemo(() => tokens(value ?? ""), [value]);
  const places = useMemo(() => byPlace(workflow.steps), [workflow.steps]);
  if (!workflow.hasSource)
    return <p class="nothing">This workflow was started without its text.</p>;
  return (
    <section class="source card" aria-label="Source">
      <LoadError error={error} />
      {value !== null && <CopyButton text={value} what="source" />}
      <pre>
        {pieces.map((token) => (
          <Piece
            key={`${token.line}:${token.column}`}
            token={token}
            step={places.get(`${token.line}:${token.column}`)}
            selected={selected}
            onSelect={onSelect}
            onPoint={onPoint}
          />
        ))}
      </pre>
    </section>
  );
}

interface PieceProps {
  token: Token;
  step: Step | undefined;
  selected: number | null;
  onSelect: (step: number) => void;
  onPoint: (step: number | null) => void;
}

function Piece({ token, step, selected, onSelect, onPoint }: PieceProps) {
  const text = visible(token.text);
  if (!step || token.kind !== "name") return <span class={`syntax-${token.kind}`}>{text}</span>;
  const { tone, label, glyph } = lookOf(step.state);
  return (
    <button
      type="button"
      class={`syntax-name tone-${tone}`}
      aria-pressed={step.index === selected}
      aria-label={`${text}, step ${step.index}, ${label}`}
      title={`step ${step.index}: ${glyph} ${label}`}
      onClick={() => onSelect(step.index)}
      onPointerEnter={() => onPoint(step.index)}
      onPointerLeave={() => onPoint(null)}
      onFocus={() => onPoint(step.index)}
      onBlur={() => onPoint(null)}
    >
      {text}
    </button>
  );
}

function byPlace(steps: Step[]): Map<string, Step> {
  return new Map(steps.filter((s) => s.line > 0).map((s) => [`${s.line}:${s.column}`, s]));
}
