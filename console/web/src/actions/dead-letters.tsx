import { dropDeadLetter, retryDeadLetter } from "../api/commands";
import { showDialog } from "../state/dialogs";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

export function openRetryDeadLetter(id: string): void {
  showDialog(
    <ActionDialog
      title="Send this event again"
      verb="Retry"
      icon="refresh"
      command={commandLine("dead", "retry", id)}
      run={async () => (await retryDeadLetter(id)).message}
    >
      <p>If its cause is not fixed, it comes back.</p>
    </ActionDialog>,
  );
}

export function openDropDeadLetter(id: string): void {
  showDialog(
    <ActionDialog
      title="Drop this event"
      verb="Drop"
      icon="trash"
      danger
      command={commandLine("dead", "drop", id)}
      run={async () => (await dropDeadLetter(id)).message}
    >
      <p>It goes for good, and what it would have done is never done.</p>
    </ActionDialog>,
  );
}
