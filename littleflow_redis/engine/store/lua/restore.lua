-- Store a workflow as an archive has it, TERMINATED: a restart goes on with it.
-- Returns {code, state, reason}: APPLIED, EXISTS, CONFLICT.
-- Race closed: the reply is lost and the client calls again, with the same id. The second call finds
-- the workflow of the first. Half a workflow is never seen, and never left behind.
-- Lists are packed, because a command has room for a million arguments and an archive for more.
-- digest: of the archive.
-- form: of the rules by which it runs.
-- done: how many steps have ended.
-- steps to types: msgpack lists of field and value.
-- trace: a msgpack list.
-- detail: of its last entry.
-- flow: a msgpack list of fields and values.
--@keys workflow
--@args digest flow_digest nonce name form done input steps items outputs types trace detail flow
--@include base
local now = clock()
local known = redis.call('HGET', workflow, 'digest')
if known then return {known == digest and Outcome.EXISTS or Outcome.CONFLICT, '', ''} end
steps, items, trace = cmsgpack.unpack(steps), cmsgpack.unpack(items), cmsgpack.unpack(trace)
outputs, types = cmsgpack.unpack(outputs), cmsgpack.unpack(types)
local last = cmsgpack.pack({now, WorkflowState.TERMINATED, '', 0, 0, detail})
trace[#trace + 1] = last

local flow_key = K.flow .. flow_digest
sliced('HSET', flow_key, cmsgpack.unpack(flow))
redis.call('HINCRBY', flow_key, 'workflows', 1)
local size = tonumber(redis.call('HGET', flow_key, 'steps'))
redis.call('HSET', workflow, 'digest', digest, 'flow', flow_digest, 'nonce', nonce, 'name', name,
  'last', size - 1, 'version', form, 'created', now, 'ended', now, 'reason', '', 'open', 0,
  'waiting', 0, 'done', done, 'state', WorkflowState.TERMINATED)
redis.call('SET', workflow .. S.state, WorkflowState.TERMINATED)
sliced('HSET', workflow .. S.steps, steps)
sliced('HSET', workflow .. S.items, items)
sliced('HSET', workflow .. S.types, types)
if #types > 0 then redis.call('HSET', workflow, 'typed', 1) end
-- A listener of a deleted workflow of this id may have left outputs: they must not be taken for ours.
local stale, texts = {}, {}
for i = 0, size - 1 do stale[i + 1] = workflow .. S.output .. i end
sliced('UNLINK', nil, stale)
redis.call('SET', workflow .. S.output .. '-1', input)
for i = 1, #outputs, 2 do
  texts[i], texts[i + 1] = workflow .. S.output .. outputs[i], outputs[i + 1]
end
sliced('MSET', nil, texts)
sliced('RPUSH', workflow .. S.trace, trace)
redis.call('LPUSH', K.all, workflow)
redis.call('ZADD', K.index, now, workflow)
redis.call('ZADD', K.index .. ':TERMINATED', now, workflow)
redis.call('ZADD', K.ended .. WorkflowState.TERMINATED, now, workflow)
feed(workflow, WorkflowState.TERMINATED, last)
return {Outcome.APPLIED, WorkflowState.TERMINATED, ''}
