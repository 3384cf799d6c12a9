import { useState } from "preact/hooks";
import { sendEvent } from "../api/commands";
import { showDialog } from "../state/dialogs";
import { write } from "../wire/lossless";
import { parseJson } from "../wire/typed-json";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";
import { JsonField } from "./json-field";

/** Send an event, such as one that a workflow waits for. */
export function openSendEvent(to: { workflow?: string; kind?: string; data?: unknown } = {}): void {
  showDialog(
    <SendDialog workflow={to.workflow ?? ""} kind={to.kind ?? ""} data={write(to.data, 2)} />,
  );
}

function SendDialog(given: { workflow: string; kind: string; data: string }) {
  const [kind, setKind] = useState(given.kind);
  const [data, setData] = useState(given.data);
  const [only, setOnly] = useState(Boolean(given.workflow));
  const { value, problem } = parseJson(data, { object: true });
  const workflow = only ? given.workflow : "";
  return (
    <ActionDialog
      title="Send an event"
      verb="Send"
      icon="send"
      disabled={!kind.trim() || Boolean(problem)}
      command={commandLine(
        "event",
        kind.trim() || "KIND",
        ...(value === undefined ? [] : ["--data", value.text]),
        ...(workflow ? ["--workflow", workflow] : []),
      )}
      run={async () => (await sendEvent(kind.trim(), value, workflow)).message}
    >
      <label class="field">
        <span>Kind</span>
        <input
          class="code"
          value={kind}
          placeholder="approved"
          onInput={(event) => setKind(event.currentTarget.value)}
        />
      </label>
      <JsonField
        label="Data (optional)"
        hint="A JSON object. What waits compares its own fields with these."
        text={data}
        onInput={setData}
        problem={problem}
      />
      {given.workflow && (
        <label class="check">
          <input type="checkbox" checked={only} onChange={() => setOnly(!only)} />
          Only for this workflow
        </label>
      )}
    </ActionDialog>
  );
}
