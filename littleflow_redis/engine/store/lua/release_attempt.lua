-- Write the start-task anew of an attempt that a process holds and will not run.
-- Returns {code, state, reason, ready...}: APPLIED, GONE (its step has ended for want of its input, or with
-- its workflow), MAY_HAVE_RUN (it must not run twice, so its step has failed), UNCHANGED, NEWER.
-- Race closed: whether its holder lives is read where the attempt is taken from it. Only the first caller
-- writes the start-task; the others see that the publication is gone. The token stays: if the holder runs
-- the task after all, one of two ends is applied.
-- field: of the step.
-- task: the id of the publication.
-- holder: the process.
-- fenced: '1' to do so only if the holder's heartbeat has stopped.
-- died: '1' if it may have begun: its holder has died, or its task was cut off. It counts as a death.
-- input: JSON text or ''.
-- missing: why there is no input.
--@keys workflow
--@args field token task holder fenced died input missing
--@include transition processes once
local w = load_workflow(workflow, clock())
if not w then return {Outcome.GONE} end
if w.version > VERSION then return {Outcome.NEWER} end
local index, scope = index_and_scope(field)
local step = step_of(w, index, scope)
local attempt = open_attempt(step, token)
if not attempt or attempt[AttemptRecord.TASK] ~= task then return {Outcome.UNCHANGED} end
local publication = publication_of(attempt)
if not publication or publication[PublicationRecord.STATE] ~= PublicationState.HELD
  or publication[PublicationRecord.OWNER] ~= holder or fenced == '1' and is_alive(holder) then
  return {Outcome.UNCHANGED}
end

if died == '1' and may_have_run(attempt) then
  give_up(w, index, scope, attempt, fail_lost)
  commit(w)
  return report(w, Outcome.MAY_HAVE_RUN)
end
local text = start_task_input(attempt[AttemptRecord.EVENT]) or input
if w.state ~= WorkflowState.RUNNING then
  -- A restart begins it anew.
  close_attempt(w, step, token)
  mark_cancelled(w, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
  w.arrived[#w.arrived + 1] = {index, scope}
  settle(w)
  detect_stall(w)
  commit(w)
  return report(w, Outcome.GONE)
end
if text == '' then
  give_up(w, index, scope, attempt, fail, missing)
  commit(w)
  return report(w, Outcome.GONE)
end
local event = attempt[AttemptRecord.EVENT]
unhold(step, attempt)
if died ~= '1' then attempt[AttemptRecord.TAKES] = math.max(0, (attempt[AttemptRecord.TAKES] or 0) - 1) end
trace(w, TraceKind.REEMIT, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
w.writes.start_tasks[1] = {index = index, field = field, attempt = attempt, input = text}
commit(w)
if event ~= '' then redis.call('HDEL', K.open_attempts, event) end
return report(w, Outcome.APPLIED)
