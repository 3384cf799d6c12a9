import { openArchive } from "../actions/archive";
import { commandLine } from "../actions/commandline";
import { openRemove } from "../actions/remove";
import { openResume } from "../actions/resume";
import { openSendEvent } from "../actions/send-event";
import { openStop } from "../actions/stop";
import { Badge } from "../components/badge";
import { Button } from "../components/button";
import { CopyButton, copyText } from "../components/copy";
import { type Item, Menu } from "../components/menu";
import { Notice } from "../components/notice";
import { Progress } from "../components/progress";
import { Duration, Time } from "../components/time";
import { UnservedNotice } from "../components/unserved";
import { go, href } from "../state/router";
import { mayChange } from "../state/session";
import { inProgress, lookOf, resumable } from "../views/states";
import type { Workflow } from "../views/workflow";

/** Reasons shown at once; of more their number. */
const REASONS = 3;

/** What the workflow is and how it stands, and what can be done with it. */
export function WorkflowHead({ workflow }: { workflow: Workflow }) {
  return (
    <>
      <header class="workflow-head">
        <div class="workflow-title">
          <h1>
            <a href="#/" class="crumb">
              Workflows
            </a>
            <span class="muted"> / </span>
            {workflow.title}
          </h1>
          <Badge state={workflow.state} />
          <span class="spacer" />
          <Actions workflow={workflow} />
        </div>
        <dl class="facts">
          <div>
            <dt>Id</dt>
            <dd class="id">
              <code>{workflow.id}</code>
              <CopyButton text={workflow.id} what="id" />
            </dd>
          </div>
          <div>
            <dt>Started</dt>
            <dd>
              <Time at={workflow.created} />
            </dd>
          </div>
          <div>
            <dt>Duration</dt>
            <dd>
              <Duration from={workflow.created} to={workflow.ended} />
            </dd>
          </div>
          <div>
            <dt>Steps</dt>
            <dd>
              <Progress
                done={workflow.done}
                total={workflow.total}
                tone={lookOf(workflow.state).tone}
              />
            </dd>
          </div>
        </dl>
      </header>
      {workflow.state === "RUNNING" && <UnservedNotice unserved={workflow.unserved} />}
      {workflow.state === "FAILED" && <Reasons reasons={workflow.reasons} />}
    </>
  );
}

function Reasons({ reasons }: { reasons: string[] }) {
  if (!reasons.length) return null;
  return (
    <Notice tone="failed">
      {reasons.slice(0, REASONS).map((reason) => (
        <p key={reason}>{reason}</p>
      ))}
      {reasons.length > REASONS && <p>… and {reasons.length - REASONS} more</p>}
    </Notice>
  );
}

function Actions({ workflow }: { workflow: Workflow }) {
  const { id, state } = workflow;
  const may = mayChange.value;
  const items: Item[] = [
    ...(may
      ? ([
          {
            text: "Send an event",
            icon: "send",
            disabled: !inProgress(state),
            onClick: () => openSendEvent({ workflow: id }),
          },
          {
            text: "Run again …",
            icon: "play",
            disabled: !workflow.hasSource,
            onClick: () => go(href(["run"], { from: id })),
          },
        ] satisfies Item[])
      : []),
    { text: "Archive …", icon: "archive", onClick: () => openArchive(workflow) },
    { text: "Copy the id", icon: "copy", onClick: () => void copyText(id, "id") },
    {
      text: "Copy the command to inspect it",
      icon: "command",
      onClick: () => void copyText(commandLine("inspect", id), "command"),
    },
    ...(may
      ? ([
          {
            text: "Delete …",
            icon: "trash",
            danger: true,
            disabled: inProgress(state),
            onClick: () => openRemove(workflow),
          },
        ] satisfies Item[])
      : []),
  ];
  return (
    <div class="actions">
      {may && inProgress(state) && (
        <Button icon="stop" onClick={() => openStop(workflow)}>
          {state === "TERMINATING" ? "Force stop" : "Stop"}
        </Button>
      )}
      {may && resumable(state) && (
        <Button icon="play" kind="primary" onClick={() => openResume(workflow)}>
          Resume
        </Button>
      )}
      <Menu label="More actions" items={items} />
    </div>
  );
}
