import { useEffect } from "preact/hooks";
import { loadMe } from "./api/calls";
import { LinkNotice } from "./components/link-notice";
import { Shell } from "./components/shell";
import { Toasts } from "./components/toasts";
import { TokenDialog } from "./components/token-dialog";
import { DeadRoute } from "./routes/dead";
import { HealthRoute } from "./routes/health";
import { ListRoute } from "./routes/list";
import { NotFound } from "./routes/not-found";
import { RunRoute } from "./routes/run";
import { WaitingRoute } from "./routes/waiting";
import { WorkflowRoute } from "./routes/workflow";
import { dialog } from "./state/dialogs";
import { invalidate } from "./state/invalidation";
import { regained } from "./state/link";
import { route } from "./state/router";
import { me } from "./state/session";

export function App() {
  const back = regained.value;
  useEffect(() => void whoAmI(), [back]);
  return (
    <>
      <Shell>
        <LinkNotice />
        <Page />
      </Shell>
      {dialog.value}
      <TokenDialog
        onDone={() => {
          void whoAmI();
          invalidate();
        }}
      />
      <Toasts />
    </>
  );
}

function Page() {
  const [page, id, tab] = route.value.path;
  switch (page) {
    case undefined:
      return <ListRoute />;
    case "workflow":
      return id ? <WorkflowRoute key={id} id={id} tab={tab ?? "graph"} /> : <NotFound />;
    case "run":
      return <RunRoute />;
    case "waiting":
      return <WaitingRoute />;
    case "health":
      return <HealthRoute />;
    case "dead":
      return <DeadRoute />;
    default:
      return <NotFound />;
  }
}

async function whoAmI(): Promise<void> {
  try {
    me.value = await loadMe();
  } catch {
    // The notice or the token dialog says why.
  }
}
