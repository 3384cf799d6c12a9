-- Act on the due timer of an open attempt: its wait is over, or its task took too long.
-- Returns {code, state, reason, ready...}: APPLIED, UNCHANGED, NOT_READY, NEED_INPUT, UNKNOWN_WORKFLOW,
-- NEWER.
-- Races closed: the timer goes with its attempt. An end that came first leaves nothing to expire, and
-- an end that comes later is late. The script that closes the attempt also reads whether its queue
-- moves: a reported start that comes first stops the timer.
-- member: the timer.
-- given: the step's input (JSON text), '' until the script has asked for it.
-- missing: why there is no input.
--@keys workflow
--@args member given missing
--@include transition once queue_timeout
-- Python's classes for a time limit that is over.
local TIMED_OUT = '["TimeoutError","OSError","Exception"]'
-- Times that a lost attempt is closed and handed out again.
local MAX_REQUEUES = 3
local kind, field, token = string.match(member, '^(%a+)|[^|]+|([%d@.]+)|([^~]+)')
local w, refused = load_for_timer(workflow, member)
if not w then return refused end
local index, scope = index_and_scope(field)
local static, step = static_of(w, index), step_of(w, index, scope)
local attempt = open_attempt(step, token)
if not attempt then
  redis.call('ZREM', K.timers, member)
  return {Outcome.NOT_READY, '', ''}
end
local once, verdict = may_have_run(attempt), nil
if kind == TimerKind.QUEUE and w.state == WorkflowState.RUNNING then
  local limit = time_of(static, Static.QUEUE_TIMEOUT, Default.QUEUE_TIMEOUT)
  if limit == 0 then limit = math.max(w.now - attempt[AttemptRecord.QUEUED], 1000) end
  local due
  verdict, due = judge_queue(static, attempt, limit, w.now)
  -- To try it anew would be another run.
  if verdict == 'hold' or verdict == 'probe' and once then
    redis.call('ZADD', K.timers, due or w.now + limit, member)
    return {Outcome.UNCHANGED, '', ''}
  end
end
local input
if kind == TimerKind.WAKE or kind == TimerKind.LATCH or kind == TimerKind.QUEUE then
  input = start_task_input(attempt[AttemptRecord.EVENT]) or given
  if input == '' and missing == '' then return {Outcome.NEED_INPUT} end
end
close_attempt(w, step, token)

-- A default may have been withdrawn since the clock began: then the time that has passed counts.
local function bound(own, default, since)
  local limit = time_of(static, own, default)
  return (limit > 0 and limit or w.now - since) / 1000 .. ' s'
end

local function requeue()
  local waited = bound(Static.QUEUE_TIMEOUT, Default.QUEUE_TIMEOUT, attempt[AttemptRecord.QUEUED])
  if once and verdict == 'count' then
    return fail_lost(w, index, scope, attempt, 'not started within ' .. waited .. ', while later tasks were: it is '
      .. 'lost or may still run, and $on-lost: fail forbids another run')
  end
  if w.state ~= WorkflowState.RUNNING or verdict == 'count' and step[Dynamic.REQUEUES] >= MAX_REQUEUES then
    return fail(w, index, scope, attempt, 'nobody took it up within ' .. waited
      .. ', ' .. MAX_REQUEUES + 1 .. ' times, but others that were queued later: what loses it?')
  end
  if verdict == 'count' then step[Dynamic.REQUEUES] = step[Dynamic.REQUEUES] + 1 end
  trace(w, TraceKind.REQUEUE, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER],
    'not begun within ' .. waited)
  emit(w, index, scope, input, attempt[AttemptRecord.ACTIVATION])
end

if input == '' then fail(w, index, scope, attempt, missing)
elseif kind == TimerKind.WAKE or kind == TimerKind.LATCH then complete(w, index, scope, input, TraceKind.END, attempt)
elseif kind == TimerKind.QUEUE then requeue()
elseif kind == TimerKind.LOST then fail_lost(w, index, scope, attempt)
elseif kind == TimerKind.CANCEL then
  mark_cancelled(w, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
else
  local since = attempt[AttemptRecord.TAKEN] > 0 and attempt[AttemptRecord.TAKEN] or attempt[AttemptRecord.QUEUED]
  local reason = 'timed out after ' .. bound(Static.TIMEOUT, Default.TIMEOUT, since)
  if kind == TimerKind.LAPSE then
    local waited = (attempt[AttemptRecord.WAIT][Wait.DUE] - attempt[AttemptRecord.TAKEN]) / 1000
    reason = 'no event ' .. attempt[AttemptRecord.WAIT][Wait.KIND] .. ' came within ' .. waited .. ' s'
  end
  fail_attempt(w, index, scope, attempt, reason,
    cjson.encode({reason = reason, error = {type = 'TimeoutError', message = reason}}), TIMED_OUT, once)
end
w.arrived[#w.arrived + 1] = {index, scope}
settle(w)
detect_stall(w)
commit(w)
if verdict == 'probe' then write_probe(static, w.now) end
return report(w, Outcome.APPLIED)
