import { useRef } from "preact/hooks";
import { Button } from "./button";

/** Take the text from a file. */
export function UploadButton({ onText }: { onText: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        class="hidden-text"
        type="file"
        aria-label="File with a flow"
        tabIndex={-1}
        onChange={async (event) => {
          const field = event.currentTarget;
          const file = field.files?.[0];
          if (file) onText(await file.text());
          field.value = "";
        }}
      />
      <Button icon="upload" onClick={() => input.current?.click()}>
        Open a file
      </Button>
    </>
  );
}
