-- Fire a ready step with the input that Python made of its predecessors' outputs.
-- KEYS  workflow
-- ARGV  field of the step, activation, 'run' | 'skip' | 'fail', input (JSON text), reason,
--       clock override or ''
-- Returns {code, state, reason, ready...}: APPLIED, HELD, NOT_READY, UNKNOWN_WORKFLOW, NEWER.
-- Race closed: the ready record is the permission. Of two workers that both saw the step become
-- ready, or a worker and the timer, only the one whose call removes the record fires it.
--@include base stamp workflow input close fire rest commit
local field, activation, action = ARGV[1], ARGV[2], ARGV[3]
local member = 'ready|' .. KEYS[1] .. '|' .. field .. '|' .. activation
local w = load_workflow(KEYS[1], clock(ARGV[6]))
if not w then
  redis.call('ZREM', K.timers, member)
  return {Outcome.UNKNOWN_WORKFLOW, '', ''}
end
if w.version > VERSION then return {Outcome.NEWER, '', ''} end
if redis.call('SISMEMBER', w.key .. S.timers, member) == 0 then
  redis.call('ZREM', K.timers, member)
  return {Outcome.NOT_READY, '', ''}
end

local index = tonumber(string.match(field, '^%d+'))
local scope = string.match(field, '@(.+)$') or ''
local static, step = static_of(w, index), step_of(w, index, scope)
w.untimed[1] = member
w.waiting = w.waiting - 1
local code = Outcome.APPLIED
if w.state ~= 'RUNNING' then
  -- Give the tokens back: a restart finds the step as it was before it became ready.
  code = Outcome.HELD
  w.tokens[field] = w.tokens[field] + static[Static.THRESHOLD]
  step[Dynamic.ACTIVATIONS] = step[Dynamic.ACTIVATIONS] - 1
  step[Dynamic.STATE] = 'idle'
  trace(w, 'hold', field, tonumber(activation), 0)
elseif action == 'run' then
  run(w, index, scope, ARGV[4])
elseif action == 'fail' then
  fail(w, index, scope, 0, ARGV[5])
else
  step[Dynamic.QUEUED], step[Dynamic.STARTED] = w.now, w.now
  if static[Static.KIND] == Kind.SUBFLOW_START then
    step[Dynamic.STATE], step[Dynamic.ENDED] = 'skipped', w.now
    trace(w, 'skip', field, tonumber(activation), 0)
    index = static[Static.PARTNER]
    local partner = step_of(w, index, scope)
    partner[Dynamic.ACTIVATIONS] = partner[Dynamic.ACTIVATIONS] + 1
    partner[Dynamic.QUEUED], partner[Dynamic.STARTED] = w.now, w.now
  end
  complete(w, index, scope, ARGV[4], 'skip', 0)
end
settle(w)
rest(w)
commit(w)
return report(w, code)
