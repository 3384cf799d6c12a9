-- Begin `wait:acquire`, `wait:release` or `wait:countdown`.
-- Returns {code, state, reason, ready...}: APPLIED; or {code}: GONE, NEWER, UNCHANGED (it waits).
-- Race closed: the count changes in the script that closes the attempt, so an attempt counts once
-- however often its start-task is delivered. Looking and registering are one: a release in between
-- would leave the waiter behind. The script that reaches zero moves the waiters to the timers. From
-- there any worker wakes them, one by one, whoever dies.
-- action: acquire, release or countdown.
-- name: of the latch.
-- input: JSON text.
--@keys workflow
--@args event group index:number token action name input
--@include transition attempt_start
local scope = scope_of(token)
local field = field_of(index, scope)
local w = load_workflow(workflow, clock())
if w and w.version > VERSION then return {Outcome.NEWER} end
local raw = w and w.state == WorkflowState.RUNNING and redis.call('HGET', w.key .. S.steps, field)
local step = raw and step_of(w, index, scope)
local attempt = open_attempt(step, token)
if not attempt or attempt[AttemptRecord.OWNER] ~= '' then
  redis.call('XACK', K.events, group, event)
  return {Outcome.GONE}
end

local latch, waiters, held = K.latch .. name, K.latched .. redis.sha1hex(name), '0'
local kind = redis.call('TYPE', latch).ok
if kind ~= 'none' then held = kind == 'string' and redis.call('GET', latch) or '' end
local valid = #held < 16 and string.match(held, '^%-?%d+$')

-- The attempt waits: the engine owns it until the latch is at zero.
local function wait()
  started(w.key, w.flow, field, step, attempt, w.now)
  attempt[AttemptRecord.OWNER], step[Dynamic.STATE] = ENGINE, StepState.WAITING
  attempt[AttemptRecord.WAIT] = {0, '', '', '', '', '', name}
  local member = latch_member(w, field, token, name)
  table.insert(attempt[AttemptRecord.TIMERS], member)
  redis.call('ZADD', waiters, w.now, member)
  redis.call('SADD', w.key .. S.timers, member)
  redis.call('HSET', w.key .. S.steps, field, cmsgpack.pack(step))
  trace_now(w.key, w.state, w.now, TraceKind.WAIT, field, attempt, 'latch ' .. name)
  redis.call('XACK', K.events, group, event)
  return {Outcome.UNCHANGED}
end

-- The count is at zero, or below it: nobody holds the latch any more.
local function open_latch(members)
  local due = {}
  for _, member in ipairs(members) do
    due[#due + 1] = w.now
    due[#due + 1] = member
  end
  sliced('ZADD', K.timers, due)
  redis.call('UNLINK', latch, waiters)
  redis.call('XADD', K.events, '*', 'kind', EventKind.COUNTDOWN_LATCH_ZERO, 'apiVersion', '"v1"',
    'at', iso_time(w.now), 'latch', cjson.encode(name))
end

if valid and action == 'countdown' and tonumber(held) > 0 then return wait() end
close_attempt(w, step, token)
if step[Dynamic.STARTED] == 0 then step[Dynamic.STARTED] = w.now end
if valid then complete(w, index, scope, input, TraceKind.END, attempt)
else
  fail(w, index, scope, attempt, 'the key ' .. latch
    .. ' holds no count: delete the key')
end
local opens = valid and action == 'release' and tonumber(held) <= 1
local waiting = opens and redis.call('ZRANGE', waiters, 0, -1)
w.arrived[#w.arrived + 1] = {index, scope}
settle(w)
detect_stall(w)
redis.call('XACK', K.events, group, event)
if valid and action == 'acquire' then redis.call('INCR', latch)
elseif opens then open_latch(waiting)
elseif valid and action == 'release' then redis.call('DECR', latch) end
commit(w)
return report(w, Outcome.APPLIED)
