-- Delete a workflow and every key that it has.
-- KEYS  workflow
-- Returns {code, state, reason}: APPLIED, IN_PROGRESS, UNKNOWN_WORKFLOW.
-- Race closed: open attempts, timers and flights go in the same script, so an end that comes later
-- finds no workflow and writes nothing.
--@include base stamp workflow input timers close fire iterate retry rest commit
local w = load_workflow(KEYS[1], clock(''))
if not w then return {Outcome.UNKNOWN_WORKFLOW, '', ''} end
if w.state == 'RUNNING' or w.state == 'TERMINATING' then return {Outcome.IN_PROGRESS, '', ''} end
cancel(w)
write_closed(w)
sliced('ZREM', K.timers, w.untimed)
local keys = {w.key, w.key .. S.state, w.key .. S.steps, w.key .. S.items, w.key .. S.timers,
  w.key .. S.trace, w.key .. S.taken, w.key .. S.output .. '-1'}
for _, field in ipairs(redis.call('HKEYS', w.key .. S.steps)) do
  keys[#keys + 1] = w.key .. S.output .. field
end
sliced('UNLINK', nil, keys)
redis.call('LREM', K.all, 1, w.key)
redis.call('SREM', K.running, w.key)
redis.call('ZREM', K.index, w.key)
redis.call('ZREM', K.index .. ':' .. w.state, w.key)
if redis.call('HINCRBY', w.flow, 'workflows', -1) <= 0 then redis.call('UNLINK', w.flow) end
redis.call('XADD', K.changes, 'MAXLEN', '~', MAX_CHANGES, '*', 'workflow', w.key, 'state',
  'DELETED', 'changes', '')
return {Outcome.APPLIED, '', ''}
