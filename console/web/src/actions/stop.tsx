import { terminate } from "../api/commands";
import { showDialog } from "../state/dialogs";
import type { Summary } from "../views/workflow";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

/** Stop a workflow; one that is stopping already is stopped at once. */
export function openStop(workflow: Summary): void {
  const force = workflow.state === "TERMINATING";
  showDialog(
    <ActionDialog
      title={force ? "Force the stop" : "Stop this workflow"}
      verb={force ? "Force stop" : "Stop"}
      icon="stop"
      danger
      command={commandLine("terminate", workflow.id)}
      run={async () => (await terminate(workflow.id)).message}
    >
      <p>
        {force
          ? "What still runs is given up: its result will not count."
          : "Nothing new begins. What runs may come to its end, and the workflow can be resumed later."}
      </p>
    </ActionDialog>,
  );
}
