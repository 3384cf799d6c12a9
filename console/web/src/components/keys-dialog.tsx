import { closeDialog } from "../state/dialogs";
import { Dialog } from "./dialog";

const KEYS = [
  ["w a h d", "workflows, waiting, health, dead letters"],
  ["n", "run a workflow"],
  ["/", "to the search"],
  ["1 … 5", "tabs of a workflow"],
  ["arrows", "in the graph: from step to step"],
  ["+ − 0", "in the graph: zoom, fit"],
  ["f", "in the graph: fold or unfold what is selected"],
  ["Esc", "close, or select nothing"],
  ["?", "this list"],
];

export function KeysDialog() {
  return (
    <Dialog title="Keys" onClose={closeDialog}>
      <dl class="keys">
        {KEYS.map(([keys, text]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
