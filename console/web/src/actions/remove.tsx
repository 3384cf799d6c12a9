import { remove } from "../api/commands";
import { showDialog } from "../state/dialogs";
import { go } from "../state/router";
import type { Summary } from "../views/workflow";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

export function openRemove(workflow: Summary): void {
  showDialog(
    <ActionDialog
      title="Delete this workflow"
      verb="Delete"
      icon="trash"
      danger
      command={commandLine("delete", workflow.id)}
      run={async () => {
        const { message } = await remove(workflow.id);
        go("#/");
        return message;
      }}
    >
      <p>
        <strong>{workflow.title}</strong> goes for good, with its outputs and its trace. An archive
        made before can be restored.
      </p>
    </ActionDialog>,
  );
}
