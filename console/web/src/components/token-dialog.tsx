import { useState } from "preact/hooks";
import { needsToken, setToken, token } from "../state/session";
import { Button } from "./button";
import { Dialog } from "./dialog";

/** Asks for the API's token, once per tab. */
export function TokenDialog({ onDone }: { onDone: () => void }) {
  const [value, setValue] = useState("");
  if (!needsToken.value) return null;
  return (
    <Dialog title="Token" onClose={() => setToken(token.value)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setToken(value);
          setValue("");
          onDone();
        }}
      >
        <p>
          {token.value
            ? "The API does not know the token of this tab."
            : "This API answers only with a token."}{" "}
          It is the value of <code>LITTLEFLOW_API_TOKEN</code> where the API runs, and is kept for
          this tab only.
        </p>
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            autocomplete="off"
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </label>
        <footer>
          <Button type="submit" kind="primary" disabled={!value.trim()}>
            Use this token
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
