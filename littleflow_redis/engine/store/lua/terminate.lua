-- Terminate a workflow: unclaimed attempts are cancelled, running ones may end. A second call forces.
-- Returns {code, state, reason}: APPLIED, STOPPING, UNCHANGED, UNKNOWN_WORKFLOW, NEWER.
-- Race closed: an end that arrives meanwhile is applied before or after, as a whole.
--@keys workflow
--@include transition
local w = load_workflow(workflow, clock())
if not w then return {Outcome.UNKNOWN_WORKFLOW, '', ''} end
if w.version > VERSION then return {Outcome.NEWER, '', ''} end
if w.state ~= WorkflowState.RUNNING and w.state ~= WorkflowState.TERMINATING then return {Outcome.UNCHANGED, '', ''} end
if w.state == WorkflowState.TERMINATING then conclude(w, WorkflowState.TERMINATED)
else
  cancel(w, true)
  conclude(w, w.open == 0 and WorkflowState.TERMINATED or WorkflowState.TERMINATING)
end
commit(w)
return report(w, w.state == WorkflowState.TERMINATED and Outcome.APPLIED or Outcome.STOPPING)
