-- Begin a `wait:delay`: the engine owns the attempt, and a timer ends it.
-- Returns {code}: APPLIED, GONE, NEWER.
-- Race closed: timer and acknowledgement of the start-task are one. Apart, a worker that dies would
-- lose the wait, or begin it anew.
-- ms: how long to wait, or ''.
-- at: without `ms`, the time (ms) to wait for.
--@keys workflow
--@args event group index token ms:number at:number
--@include attempt_start
local about = redis.call('HMGET', workflow, 'version', 'state', 'flow')
if tonumber(about[1] or 0) > VERSION then return {Outcome.NEWER} end
local field, steps = field_by_token(index, token), workflow .. S.steps
local raw = redis.call('HGET', steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, token)
if not attempt or attempt[AttemptRecord.OWNER] ~= '' then
  redis.call('XACK', K.events, group, event)
  return {Outcome.GONE}
end
local now = clock()
local due = ms and now + ms or at
started(workflow, K.flow .. about[3], field, step, attempt, now)
attempt[AttemptRecord.OWNER], step[Dynamic.STATE] = ENGINE, StepState.WAITING
attempt[AttemptRecord.WAIT] = {due, '', '', '', '', ''}
local member = timer_member(TimerKind.WAKE, workflow, field, token)
table.insert(attempt[AttemptRecord.TIMERS], member)
redis.call('ZADD', K.timers, due, member)
redis.call('SADD', workflow .. S.timers, member)
redis.call('HSET', steps, field, cmsgpack.pack(step))
trace_now(workflow, about[2], now, TraceKind.WAIT, field, attempt, string.format('%d', due))
redis.call('XACK', K.events, group, event)
return {Outcome.APPLIED}
