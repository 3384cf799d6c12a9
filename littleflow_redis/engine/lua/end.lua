-- Apply the end of a task: close the attempt, store its output, fire what has its inputs.
-- KEYS  workflow
-- ARGV  event id, group, index, token or '', 'SUCCESS' or 'FAILURE', output (JSON text), reason,
--       detail (JSON text: error, worker), 'final' or '', clock override or ''
-- Returns {code, state, reason, ready...}: APPLIED, LATE, DUPLICATE, UNKNOWN_WORKFLOW, BAD_INDEX,
-- NEWER. All but BAD_INDEX and NEWER acknowledge the event.
-- Race closed: acknowledgement, state and the start-tasks that follow are one. Apart, a worker that
-- dies in between applies an end twice (state first) or never (acknowledgement first). The fence
-- is the token: an end is applied only while its attempt is open.
--@include base stamp workflow input timers close fire iterate retry rest commit
local NO_TOKEN = "its listener must echo the field 'token': without it nobody can tell which item "
  .. 'has ended'
local event, group, index, token = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local w = load_workflow(KEYS[1], clock(ARGV[10]))
local function acknowledged(code, counter)
  redis.call('XACK', K.stream, group, event)
  redis.call('HINCRBY', K.counts, counter, 1)
  return {code, '', ''}
end

if not w then
  redis.call('UNLINK', KEYS[1] .. S.output .. index)
  return acknowledged(Outcome.UNKNOWN_WORKFLOW, 'unknown')
end
if w.version > VERSION then return {Outcome.NEWER, '', ''} end
local static = index >= 0 and index <= w.last and static_of(w, index)
local kind = static and static[Static.KIND]
if kind ~= Kind.TASK and kind ~= Kind.LOAD and kind ~= Kind.STORE then
  return {Outcome.BAD_INDEX, '', ''}
end

local scope = string.match(token, '^%d+%.%d+%.([%d.]+)%-') or ''
local step = step_of(w, index, scope)
if token == '' then
  -- Whoever echoes no token means the oldest attempt that started before this end; the
  -- acknowledgement stands for the token: an event that is not pending was applied before.
  if #redis.call('XPENDING', K.stream, group, event, event, 1) == 0 then
    return acknowledged(Outcome.DUPLICATE, 'duplicate')
  end
  if static[Static.FLAGS] >= Flag.ITERATE or static[Static.DEPTH] > 0 then
    fail(w, index, '', 0, NO_TOKEN)
    redis.call('XACK', K.stream, group, event)
    commit(w)
    return report(w, Outcome.APPLIED)
  end
  local oldest = step[Dynamic.OPEN][1]
  if oldest and earlier(oldest[Attempt.EVENT], event) then token = oldest[Attempt.TOKEN] end
end

local attempt = close(w, step, token)
if not attempt then
  local entry = cmsgpack.pack({w.now, 'late', field_of(index, scope), 0, 0, ARGV[8]})
  redis.call('RPUSH', w.key .. S.trace, entry)
  return acknowledged(Outcome.LATE, 'late')
end
if step[Dynamic.STARTED] == 0 then step[Dynamic.STARTED] = attempt[Attempt.QUEUED] end
if ARGV[5] == 'SUCCESS' then
  complete(w, index, scope, ARGV[6], 'end', attempt[Attempt.NUMBER], ARGV[8])
else
  fail_attempt(w, index, scope, attempt, ARGV[7], ARGV[8], ARGV[9] ~= '')
end
-- What had no room until now.
w.arrived[#w.arrived + 1] = {index, scope}
settle(w)
rest(w)
redis.call('XACK', K.stream, group, event)
commit(w)
return report(w, Outcome.APPLIED)
