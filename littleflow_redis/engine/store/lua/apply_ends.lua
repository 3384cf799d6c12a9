-- Apply ends of tasks: close each attempt, store its output, fire the steps that have their inputs.
-- Returns for each {code, state, reason, ready..., handed...}: APPLIED, LATE, DUPLICATE,
-- UNKNOWN_WORKFLOW, LOST_WORKFLOW (unknown, and not deleted lately), BAD_INDEX, NEWER. An end that
-- raised returns the text of its error, and has written nothing. LOST_WORKFLOW, BAD_INDEX, NEWER and
-- errors leave the event unacknowledged.
-- Race closed: acknowledgement, state and the start-tasks that follow are one. Apart, a worker that
-- dies in between applies an end twice (state first) or never (acknowledgement first). The token is the
-- fence: an end is applied only while its attempt is open.
-- Each end is a transition of its own. Many share a call, because setting up a call costs as much as a
-- small transition.
-- group: the consumer group that read the events.
-- serving: the categories that the caller serves, see lib/handing.lua, or ''.
-- event: its id, '' if no event reported the end.
-- token: '' if the listener did not echo it.
-- status: SUCCESS or FAILURE.
-- output: JSON text.
-- detail: JSON text for the trace: error, worker.
-- final: '1' forbids a retry.
-- classes: JSON list, the exception's class and its bases, or ''.
--@keys workflow
--@args group serving
--@finally write_counts
--@include transition
local NO_TOKEN = "its listener must echo the field 'token': without it nobody can tell which item "
  .. 'has ended'
local now, served = clock(), serving_of(serving)
defer_counts()

local function acknowledge(event)
  if event ~= '' then redis.call('XACK', K.events, group, event) end
end

local function acknowledged(event, code, counter)
  acknowledge(event)
  redis.call('HINCRBY', K.counts, counter, 1)
  return {code, '', ''}
end

-- Returns the step. If it has succeeded, its successors are read by the same call.
local function load_reached(w, index, scope, static, status)
  if status == 'SUCCESS' and not is_item(static, scope) then
    local indexes = {index}
    for i, successor in ipairs(static[Static.SUCCESSORS]) do indexes[i + 1] = successor end
    prefetch(w, indexes, scope)
  end
  return step_of(w, index, scope)
end

-- An attempt that was handed over has no start-task: the last id of its millisecond stands for one.
local function started_before(attempt, event)
  local began = attempt[AttemptRecord.EVENT]
  if began == '' then began = string.format('%.0f-18446744073709551615', attempt[AttemptRecord.QUEUED]) end
  return earlier(began, event)
end

-- The attempts stay open, so that a restart finds them. No output can follow, whatever `$on-failure`
-- says.
local function fail_without_token(w, index, step)
  step[Dynamic.STATE], step[Dynamic.ENDED], step[Dynamic.REASON] = StepState.FAILED, w.now, NO_TOKEN
  trace_step(w, TraceKind.FAIL, field_of(index, ''), step, nil, NO_TOKEN)
  if w.state == WorkflowState.RUNNING then conclude(w, WorkflowState.FAILED, NO_TOKEN) end
end

--@each event index:number token status output reason detail final classes
local w = load_workflow(workflow, now)
if not w then
  if not redis.call('ZSCORE', K.deleted, workflow) then return {Outcome.LOST_WORKFLOW, '', ''} end
  redis.call('UNLINK', workflow .. S.output .. index)
  return acknowledged(event, Outcome.UNKNOWN_WORKFLOW, 'unknown')
end
if w.version > VERSION then return {Outcome.NEWER, '', ''} end
w.serving = served
local static = index >= 0 and index <= w.last and static_of(w, index)
if not static or not is_task(static) then
  return {Outcome.BAD_INDEX, '', ''}
end

local scope = scope_of(token)
local step = load_reached(w, index, scope, static, status)
if token == '' then
  -- An end without a token means the oldest attempt that started before this end. The acknowledgement
  -- replaces the token: an event that is not pending was applied before.
  if #redis.call('XPENDING', K.events, group, event, event, 1) == 0 then
    return acknowledged(event, Outcome.DUPLICATE, 'duplicate')
  end
  if static[Static.FLAGS] >= Flag.ITERATE or static[Static.DEPTH] > 0 then
    fail_without_token(w, index, step)
    acknowledge(event)
    commit(w)
    return report(w, Outcome.APPLIED)
  end
  local oldest = step[Dynamic.OPEN][1]
  if oldest and started_before(oldest, event) then token = oldest[AttemptRecord.TOKEN] end
end

local attempt = close_attempt(w, step, token)
if not attempt then
  local entry = cmsgpack.pack({w.now, TraceKind.LATE, field_of(index, scope), 0, 0, detail})
  redis.call('RPUSH', w.key .. S.trace, entry)
  return acknowledged(event, Outcome.LATE, 'late')
end
w.answered = attempt
if step[Dynamic.STARTED] == 0 then step[Dynamic.STARTED] = attempt[AttemptRecord.QUEUED] end
if status == 'SUCCESS' then
  complete(w, index, scope, output, TraceKind.END, attempt, detail)
else
  fail_attempt(w, index, scope, attempt, reason, detail, classes, final == '1')
end
-- The step itself may fire again: a firing that had no room has it now.
w.arrived[#w.arrived + 1] = {index, scope}
settle(w)
detect_stall(w)
acknowledge(event)
commit(w)
return report(w, Outcome.APPLIED)
