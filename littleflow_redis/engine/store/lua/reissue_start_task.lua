-- Write the start-task of an open attempt again, if nobody works on it.
-- Returns {code}: APPLIED, GONE (or its step has failed for lack of its input), MAY_HAVE_RUN (it must not
-- run twice, so its step has failed), UNCHANGED, NEWER.
-- Race closed: the state is the truth and the stream its transport. Of several workers that find the
-- same entry missing, the first writes it and changes the event id that the others compare. The token
-- stays: if somebody works on it after all, one of two ends is applied.
-- field: of the step.
-- event: the id that it had.
-- given: the input (JSON text) or ''.
-- lost: 'missing' or 'dropped', as it was found.
-- takers: see lib/lost_attempt.lua.
-- missing: why there is no input.
--@keys workflow
--@args field token event given lost takers missing
--@include transition lost_attempt once
local w = load_workflow(workflow, clock())
if w and w.version > VERSION then return {Outcome.NEWER} end
local index, scope = index_and_scope(field)
local step = w and step_of(w, index, scope)
local attempt = open_attempt(step, token)
if not attempt then
  redis.call('HDEL', K.open_attempts, event)
  return {Outcome.GONE}
end
if attempt[AttemptRecord.EVENT] ~= event
  or how_lost(workflow, attempt, event, cmsgpack.unpack(takers)) ~= lost then
  return {Outcome.UNCHANGED}
end
if may_have_run(attempt) then
  give_up(w, index, scope, attempt, fail_lost)
  commit(w)
  return {Outcome.MAY_HAVE_RUN}
end
local input = start_task_input(event) or given
if input == '' then
  give_up(w, index, scope, attempt, fail, missing)
  commit(w)
  return {Outcome.GONE}
end
-- A worker held it and has died. Others would leave it alone as long as it is held.
local publication = publication_of(attempt)
if publication and publication[PublicationRecord.STATE] == PublicationState.HELD then unhold(step, attempt) end
trace(w, TraceKind.REEMIT, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
w.writes.start_tasks[1] = {index = index, field = field, attempt = attempt, input = input}
redis.call('HDEL', K.open_attempts, event)
commit(w)
return {Outcome.APPLIED}
