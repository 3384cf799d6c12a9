-- Delete a workflow and every key that it has.
-- Returns {code, state, reason}: APPLIED, IN_PROGRESS, UNCHANGED, UNKNOWN_WORKFLOW, NEWER.
-- Race closed: open attempts, timers and publications go in the same script, so a later end finds no
-- workflow and writes nothing. Retention compares state and age again here: a workflow that was
-- restarted since it was found stays.
-- state, age: delete only in this state and this many ms after its end; '' for any.
--@keys workflow
--@args state age:number
--@include transition
local w = load_workflow(workflow, clock())
if not w then return {Outcome.UNKNOWN_WORKFLOW, '', ''} end
if w.version > VERSION then return {Outcome.NEWER, '', ''} end
if w.state == WorkflowState.RUNNING or w.state == WorkflowState.TERMINATING then return {Outcome.IN_PROGRESS, '', ''} end
if state ~= '' then
  local ended = tonumber(redis.call('HGET', w.key, 'ended') or w.now)
  if w.state ~= state or w.now - ended < age then
    return {Outcome.UNCHANGED, '', ''}
  end
end
cancel(w)
write_closed(w)
write_removed_timers(w)
-- A later end is then known to be for nobody, and not taken for one whose workflow Redis lost.
redis.call('ZADD', K.deleted, w.now, w.key)
redis.call('ZREMRANGEBYRANK', K.deleted, 0, -10001)
local keys = {w.key, w.key .. S.state, w.key .. S.steps, w.key .. S.items, w.key .. S.timers,
  w.key .. S.trace, w.key .. S.taken, w.key .. S.types, w.key .. S.output .. '-1'}
for _, field in ipairs(redis.call('HKEYS', w.key .. S.steps)) do
  keys[#keys + 1] = w.key .. S.output .. field
end
sliced('UNLINK', nil, keys)
-- From the tail: the oldest lie there, and retention deletes these.
redis.call('LREM', K.all, -1, w.key)
redis.call('SREM', K.running, w.key)
redis.call('ZREM', K.index, w.key)
redis.call('ZREM', K.index .. ':' .. w.state, w.key)
redis.call('ZREM', K.ended .. w.state, w.key)
if redis.call('HINCRBY', w.flow, 'workflows', -1) <= 0 then redis.call('UNLINK', w.flow) end
feed(w.key, 'DELETED', '')
return {Outcome.APPLIED, '', ''}
