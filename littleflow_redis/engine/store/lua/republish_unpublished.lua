-- Write the start-task of an attempt that was handed to a bridge and never published. Bridges of older
-- versions were handed attempts without one.
-- Returns {code}: APPLIED, GONE (or its step has failed for lack of its input), UNCHANGED, NEWER.
-- Race closed: the process that has the attempt may be about to publish it, so it must have had it for
-- a while. Only the first caller writes the event; the others see it and do nothing.
-- field: of the step.
-- input: JSON text or ''.
-- after: ms since it was handed over.
-- missing: why there is no input.
--@keys workflow
--@args field token input after:number missing
--@include transition
local w = load_workflow(workflow, clock())
if not w then return {Outcome.GONE} end
if w.version > VERSION then return {Outcome.NEWER} end
local index, scope = index_and_scope(field)
local attempt = open_attempt(step_of(w, index, scope), token)
if not attempt then return {Outcome.GONE} end
local flights, task = K.publications .. attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK]
local flight = attempt[AttemptRecord.EVENT] == '' and publication_of(attempt)
if not flight or flight[PublicationRecord.STATE] ~= PublicationState.RECORDED
  or w.now - flight[PublicationRecord.SINCE] < after then
  return {Outcome.UNCHANGED}
end
if input == '' then
  give_up(w, index, scope, attempt, fail, missing)
  commit(w)
  return {Outcome.GONE}
end
trace(w, TraceKind.REEMIT, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
w.writes.start_tasks[1] = {index = index, field = field, attempt = attempt, input = input}
commit(w)
flight[PublicationRecord.EVENT] = attempt[AttemptRecord.EVENT]
redis.call('HSET', flights, task, cmsgpack.pack(flight))
return {Outcome.APPLIED}
