import { useState } from "preact/hooks";
import { bulk } from "../api/commands";
import type { IconName } from "../components/icon";
import { showDialog } from "../state/dialogs";
import { count } from "../views/text";
import { type BulkAction, MOST_PER_BULK } from "../wire/facts";
import { ActionDialog } from "./action-dialog";
import { commandLine } from "./commandline";

/** Workflows in one call to the API: half of what it takes, so that the bar moves sooner. */
const BATCH = MOST_PER_BULK / 2;

const WORDS = {
  terminate: {
    verb: "Stop",
    icon: "stop",
    text: "Nothing new begins in them. Those that are stopping already are stopped at once; those that have ended stay as they are.",
  },
  restart: {
    verb: "Resume",
    icon: "play",
    text: "What failed or was cancelled starts again. Those that run or have finished are left alone.",
  },
  delete: {
    verb: "Delete",
    icon: "trash",
    text: "They go for good, with outputs and traces. Those that still run are left alone.",
  },
} as const satisfies Record<BulkAction, { verb: string; icon: IconName; text: string }>;

export function openBulk(action: BulkAction, ids: string[], done: () => void): void {
  showDialog(<BulkDialog action={action} ids={ids} done={done} />);
}

function BulkDialog(props: { action: BulkAction; ids: string[]; done: () => void }) {
  const { action, ids } = props;
  const { verb, icon, text } = WORDS[action];
  const [progress, setProgress] = useState(0);
  const many = count(ids.length, "workflow");
  return (
    <ActionDialog
      title={`${verb} ${many}`}
      verb={`${verb} ${many}`}
      icon={icon}
      danger={action !== "restart"}
      {...(ids.length <= 20 ? { command: commandLine(action, ...ids) } : {})}
      run={async () => {
        const refused: string[] = [];
        for (let i = 0; i < ids.length; i += BATCH) {
          const { results } = await bulk(action, ids.slice(i, i + BATCH));
          for (const one of results) if (one.status !== "Success") refused.push(one.message);
          setProgress(i + BATCH);
        }
        props.done();
        return summary(verb, ids.length, refused);
      }}
    >
      <p>{text}</p>
      {progress > 0 && <progress max={ids.length} value={progress} aria-label="done so far" />}
    </ActionDialog>
  );
}

function summary(verb: string, total: number, refused: string[]): string {
  const good = `${verb}: ${count(total - refused.length, "workflow")}`;
  if (!refused.length) return good;
  return `${good}; ${refused.length} left alone, such as: ${refused[0]}`;
}
