import { useState } from "preact/hooks";
import { resume } from "../api/commands";
import { showDialog } from "../state/dialogs";
import type { Summary } from "../views/workflow";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

export function openResume(workflow: Summary): void {
  showDialog(<ResumeDialog workflow={workflow} />);
}

function ResumeDialog({ workflow }: { workflow: Summary }) {
  const [all, setAll] = useState(false);
  return (
    <ActionDialog
      title="Resume this workflow"
      verb="Resume"
      icon="play"
      command={commandLine("restart", ...(all ? ["--all"] : []), workflow.id)}
      run={async () => (await resume(workflow.id, all)).message}
    >
      <p>What failed or was cancelled starts again. What had ended is not run twice.</p>
      <label class="check">
        <input type="checkbox" checked={all} onChange={() => setAll(!all)} />
        Start again what still runs, too
      </label>
    </ActionDialog>
  );
}
