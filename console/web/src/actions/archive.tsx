import { useState } from "preact/hooks";
import { archiveText, archiveTo } from "../api/commands";
import { showDialog } from "../state/dialogs";
import type { Summary } from "../views/workflow";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

export function openArchive(workflow: Summary): void {
  showDialog(<ArchiveDialog workflow={workflow} />);
}

function ArchiveDialog({ workflow }: { workflow: Summary }) {
  const [toUri, setToUri] = useState(false);
  const [uri, setUri] = useState("");
  const file = `${workflow.id}.json`;
  return (
    <ActionDialog
      title="Archive this workflow"
      verb={toUri ? "Archive" : "Download"}
      icon={toUri ? "archive" : "download"}
      disabled={toUri && !uri.trim()}
      command={commandLine("archive", "--output", toUri ? uri.trim() : file, workflow.id)}
      run={async () => {
        if (toUri) return (await archiveTo(workflow.id, uri.trim())).message;
        download(await archiveText(workflow.id), file);
        return `Archived as ${file}`;
      }}
    >
      <p>Its flow, outputs and trace as JSON. A workflow that runs goes on undisturbed.</p>
      <fieldset class="choice">
        <legend>Where to</legend>
        <label class="check">
          <input type="radio" name="to" checked={!toUri} onChange={() => setToUri(false)} />A file
        </label>
        <label class="check">
          <input type="radio" name="to" checked={toUri} onChange={() => setToUri(true)} />A URI that
          the API writes to
        </label>
      </fieldset>
      {toUri && (
        <label class="field">
          <span>URI</span>
          <input
            class="code"
            placeholder="s3://bucket/path.json"
            value={uri}
            onInput={(event) => setUri(event.currentTarget.value)}
          />
        </label>
      )}
    </ActionDialog>
  );
}

function download(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
