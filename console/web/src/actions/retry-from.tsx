import { useState } from "preact/hooks";
import { restartFrom } from "../api/commands";
import { showDialog } from "../state/dialogs";
import { parseJson } from "../wire/typed-json";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";
import { JsonField } from "./json-field";

export function openRetryFrom(id: string, step: { index: number; name: string }): void {
  showDialog(<RetryDialog id={id} step={step} />);
}

function RetryDialog({ id, step }: { id: string; step: { index: number; name: string } }) {
  const [text, setText] = useState("");
  const { value, problem } = parseJson(text);
  const input = value === undefined ? [] : ["--input", value.text];
  return (
    <ActionDialog
      title={`Retry from step ${step.index}, ${step.name}`}
      verb="Retry from here"
      icon="rotate"
      disabled={Boolean(problem)}
      command={commandLine("restart", "--from", String(step.index), ...input, id)}
      run={async () => (await restartFrom(id, step.index, value)).message}
    >
      <p>This step begins anew, and with it all that follows from it, even what had ended.</p>
      <JsonField
        label="Another input (optional)"
        hint="JSON, null too. Left empty, the step gets what it got before."
        text={text}
        onInput={setText}
        problem={problem}
      />
    </ActionDialog>
  );
}
