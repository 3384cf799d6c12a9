import { useState } from "preact/hooks";
import { restoreArchive, restoreFrom } from "../api/commands";
import { showDialog } from "../state/dialogs";
import { go, href } from "../state/router";
import { parseJson } from "../wire/typed-json";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

export function openRestore(): void {
  showDialog(<RestoreDialog />);
}

function RestoreDialog() {
  const [fromUri, setFromUri] = useState(false);
  const [uri, setUri] = useState("");
  const [file, setFile] = useState<File | null>(null);
  return (
    <ActionDialog
      title="Restore a workflow"
      verb="Restore"
      icon="upload"
      disabled={fromUri ? !uri.trim() : !file}
      command={commandLine("restore", fromUri ? uri.trim() : (file?.name ?? "FILE"))}
      run={async () => {
        const done = fromUri ? await restoreFrom(uri.trim()) : await restoreFile(file);
        if (done.workflow) go(href(["workflow", done.workflow]));
        return done.message;
      }}
    >
      <p>It comes back under a new id, stopped where it was; Resume goes on from there.</p>
      <fieldset class="choice">
        <legend>Where from</legend>
        <label class="check">
          <input type="radio" name="from" checked={!fromUri} onChange={() => setFromUri(false)} />A
          file
        </label>
        <label class="check">
          <input type="radio" name="from" checked={fromUri} onChange={() => setFromUri(true)} />A
          URI that the API reads
        </label>
      </fieldset>
      {fromUri ? (
        <label class="field">
          <span>URI</span>
          <input
            class="code"
            placeholder="s3://bucket/path.json"
            value={uri}
            onInput={(event) => setUri(event.currentTarget.value)}
          />
        </label>
      ) : (
        <label class="field">
          <span>Archive</span>
          <input
            type="file"
            accept=".json,application/json"
            onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)}
          />
        </label>
      )}
    </ActionDialog>
  );
}

async function restoreFile(file: File | null) {
  const { value, problem } = parseJson((await file?.text()) ?? "", { object: true });
  if (problem || value === undefined)
    throw new Error(`${file?.name ?? "The file"} is no archive. ${problem}`);
  return restoreArchive(value);
}
