import { toast } from "../state/toasts";
import { Button } from "./button";

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    // Without https browsers give no clipboard: the older way still works.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    toast(done ? `${what} copied` : `Could not copy: ${text}`, done ? "good" : "bad");
  }
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  return (
    <Button
      icon="copy"
      kind="quiet"
      label={`Copy ${what}`}
      onClick={(event) => {
        event.stopPropagation();
        void copyText(text, what);
      }}
    />
  );
}

/** A command line to copy. */
export function Command({ line }: { line: string }) {
  return (
    <div class="command">
      <code>{line}</code>
      <CopyButton text={line} what="command" />
    </div>
  );
}
