import { useEffect, useState } from "preact/hooks";
import { commandLine } from "../actions/commandline";
import { JsonField } from "../actions/json-field";
import { loadSource, loadWorkflow } from "../api/calls";
import { start } from "../api/commands";
import { ApiError } from "../api/errors";
import { Button } from "../components/button";
import { Command } from "../components/copy";
import { Editor } from "../components/editor";
import { EXAMPLES } from "../components/examples";
import { Menu } from "../components/menu";
import { Problems } from "../components/problems";
import { UnservedNotice } from "../components/unserved";
import { UploadButton } from "../components/upload-button";
import { GraphView } from "../graph/graph-view";
import { useCheck } from "../live/check";
import { go, href, route } from "../state/router";
import { toast } from "../state/toasts";
import { messageOf } from "../views/error";
import { hasContent } from "../views/text";
import { write } from "../wire/lossless";
import { parseJson } from "../wire/typed-json";

const DRAFT = "littleflow-draft";
const NO_STEPS = new Map();

/** Write a flow, see its graph and its mistakes, and start it. */
export function RunRoute() {
  const [text, setText] = useState(() => kept(DRAFT));
  const [input, setInput] = useState("");
  const [key, setKey] = useState(newKey);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const parsed = parseJson(input);
  const { check, checking, problem } = useCheck(text, parsed);
  const from = route.value.query.get("from");
  useEffect(() => {
    if (!from) return;
    loadSource(from).then(setText, (caught) => toast(messageOf(caught), "bad"));
    loadWorkflow(from).then(
      (old) => setInput(hasContent(old.input) ? write(old.input, 2) : ""),
      () => undefined,
    );
  }, [from]);
  const edit = (next: string) => {
    setText(next);
    setKey(newKey());
    setError(null);
    keep(DRAFT, next);
  };
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      const done = await start(text, parsed.value, key);
      keep(DRAFT, "");
      toast("Started");
      go(href(["workflow", done.workflow ?? ""]));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const problems = error instanceof ApiError && error.problems.length ? error.problems : [];
  const wrong = problems.length ? problems : (check?.problems ?? []);
  const ready = text.trim() !== "" && !parsed.problem && wrong.length === 0 && !busy;
  const command = commandLine(
    "run",
    "FILE",
    ...(parsed.value === undefined ? [] : ["--input", parsed.value.text]),
  );
  return (
    <section class="page run-page">
      <div class="page-head">
        <h1>Run a workflow</h1>
        <span class="spacer" />
        <Menu
          label="Examples"
          icon="chevron"
          items={EXAMPLES.map((example) => ({
            text: example.title,
            onClick: () => {
              edit(example.text);
              setInput(example.input);
            },
          }))}
        >
          Examples
        </Menu>
        <UploadButton onText={edit} />
        <Button kind="primary" icon="play" disabled={!ready} onClick={() => void run()}>
          {busy ? "Starting …" : "Start"}
        </Button>
      </div>
      <div class="run-body">
        <div class="run-text">
          <Editor text={text} onInput={edit} problems={wrong} onRun={() => ready && void run()} />
          <Problems problems={wrong} text={text} checking={checking} other={problem} />
          {wrong.length === 0 && <UnservedNotice unserved={check?.unserved ?? []} />}
          {error !== null && !problems.length && (
            <p class="error-text" role="alert">
              {messageOf(error)}
            </p>
          )}
          <JsonField
            label="Input (optional)"
            hint="JSON; what the first steps get."
            rows={5}
            text={input}
            onInput={(next) => {
              setInput(next);
              setKey(newKey());
            }}
            problem={parsed.problem}
          />
          <details class="same-command">
            <summary>The same on the command line</summary>
            <Command line={command} />
          </details>
        </div>
        <div class="run-preview card">
          {check?.graph ? (
            <GraphView graph={check.graph} steps={NO_STEPS} />
          ) : (
            <p class="muted graph-note">The graph stands here as soon as the text is a flow.</p>
          )}
        </div>
      </div>
    </section>
  );
}

/** Names this start: asked for again after a lost answer, it starts nothing twice. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

function kept(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function keep(key: string, text: string): void {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // Then the draft is lost with the page.
  }
}
