import { useMemo, useState } from "preact/hooks";
import { pretty } from "../views/text";
import { Button } from "./button";
import { CopyButton } from "./copy";

/** Characters shown at once: more would make the page slow. */
const SHOWN = 4000;

/** A JSON value as text: the beginning of a long one, all of it on demand. */
export function JsonView({ value, what }: { value: unknown; what: string }) {
  const text = useMemo(() => pretty(value), [value]);
  return <LongText text={text} what={what} />;
}

export function LongText({ text, what }: { text: string; what: string }) {
  const [all, setAll] = useState(false);
  const long = text.length > SHOWN;
  return (
    <div class="json">
      <pre>{all || !long ? text : `${text.slice(0, SHOWN)}…`}</pre>
      <div class="json-tools">
        <CopyButton text={text} what={what} />
        {long && (
          <Button kind="quiet" onClick={() => setAll(!all)}>
            {all ? "Show less" : `Show all ${size(text.length)}`}
          </Button>
        )}
      </div>
    </div>
  );
}

function size(characters: number): string {
  return characters < 1_000_000
    ? `${Math.round(characters / 1000)} kB`
    : `${(characters / 1_000_000).toFixed(1)} MB`;
}
