import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Command } from "../components/copy";
import { Dialog } from "../components/dialog";
import type { IconName } from "../components/icon";
import { closeDialog } from "../state/dialogs";
import { invalidate } from "../state/invalidation";
import { toast } from "../state/toasts";
import { messageOf } from "../views/error";

interface Props {
  title: string;
  /** What the button says that does it. */
  verb: string;
  icon?: IconName;
  danger?: boolean;
  disabled?: boolean;
  /** The same on the command line. */
  command?: string;
  /** Does it; gives the sentence that says so. */
  run: () => Promise<string>;
  children?: ComponentChildren;
}

/** A dialog that does one thing: it says what, does it on Enter, and shows the error if it fails. */
export function ActionDialog(props: Props) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = async () => {
    setBusy(true);
    setError(null);
    try {
      const message = await props.run();
      closeDialog();
      toast(message);
      invalidate();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.title} onClose={closeDialog}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && !props.disabled) void act();
        }}
      >
        {props.children}
        {error !== null && (
          <p class="error-text" role="alert">
            {messageOf(error)}
          </p>
        )}
        {props.command && (
          <details class="same-command">
            <summary>The same on the command line</summary>
            <Command line={props.command} />
          </details>
        )}
        <footer>
          <Button onClick={closeDialog}>Cancel</Button>
          <Button
            type="submit"
            kind={props.danger ? "danger" : "primary"}
            disabled={busy || Boolean(props.disabled)}
            {...(props.icon ? { icon: props.icon } : {})}
          >
            {busy ? "…" : props.verb}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
