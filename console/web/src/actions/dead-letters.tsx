import { dropLetter, retryLetter } from "../api/commands";
import { showDialog } from "../state/dialogs";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

export function openRetry(id: string): void {
  showDialog(
    <ActionDialog
      title="Send this event again"
      verb="Retry"
      icon="refresh"
      command={commandLine("dead", "retry", id)}
      run={async () => (await retryLetter(id)).message}
    >
      <p>If its cause is not mended, it comes back.</p>
    </ActionDialog>,
  );
}

export function openDrop(id: string): void {
  showDialog(
    <ActionDialog
      title="Drop this event"
      verb="Drop"
      icon="trash"
      danger
      command={commandLine("dead", "drop", id)}
      run={async () => (await dropLetter(id)).message}
    >
      <p>It goes for good, and what it would have done is never done.</p>
    </ActionDialog>,
  );
}
