-- Store a workflow as an archive has it, TERMINATED: a restart goes on with it.
-- KEYS  workflow
-- ARGV  digest of the archive, digest of the flow, nonce, name, form version, how many steps have
--       ended, clock override or '', input (JSON text), steps, items, outputs, types of outputs
--       (msgpack lists of field and value), trace (a msgpack list), detail of its last entry, then the
--       flow's fields and values
-- Returns {code, state, reason}: APPLIED, EXISTS, CONFLICT.
-- Race closed: the reply is lost and the client calls again, with the same id: the second call finds
-- what the first one made. Half of a workflow is never seen, and never left behind.
-- (Lists are packed, because a command has room for a million arguments and an archive for more.)
--@include base
local key, now = KEYS[1], clock(ARGV[7])
local known = redis.call('HGET', key, 'digest')
if known then return {known == ARGV[1] and Outcome.EXISTS or Outcome.CONFLICT, '', ''} end
local steps, items = cmsgpack.unpack(ARGV[9]), cmsgpack.unpack(ARGV[10])
local outputs, types = cmsgpack.unpack(ARGV[11]), cmsgpack.unpack(ARGV[12])
local trace = cmsgpack.unpack(ARGV[13])
local last = cmsgpack.pack({now, 'TERMINATED', '', 0, 0, ARGV[14]})
trace[#trace + 1] = last

local flow, fields = K.flow .. ARGV[2], {}
for i = 15, #ARGV do fields[i - 14] = ARGV[i] end
sliced('HSET', flow, fields)
redis.call('HINCRBY', flow, 'workflows', 1)
local size = tonumber(redis.call('HGET', flow, 'steps'))
redis.call('HSET', key, 'digest', ARGV[1], 'flow', ARGV[2], 'nonce', ARGV[3], 'name', ARGV[4],
  'last', size - 1, 'version', ARGV[5], 'created', now, 'ended', now, 'reason', '', 'open', 0,
  'waiting', 0, 'done', ARGV[6], 'state', 'TERMINATED')
redis.call('SET', key .. S.state, 'TERMINATED')
sliced('HSET', key .. S.steps, steps)
sliced('HSET', key .. S.items, items)
sliced('HSET', key .. S.types, types)
if #types > 0 then redis.call('HSET', key, 'typed', 1) end
-- What a listener of a deleted workflow of this id left behind must not be taken for ours.
local stale, texts = {}, {}
for i = 0, size - 1 do stale[i + 1] = key .. S.output .. i end
sliced('UNLINK', nil, stale)
redis.call('SET', key .. S.output .. '-1', ARGV[8])
for i = 1, #outputs, 2 do
  texts[i], texts[i + 1] = key .. S.output .. outputs[i], outputs[i + 1]
end
sliced('MSET', nil, texts)
sliced('RPUSH', key .. S.trace, trace)
redis.call('LPUSH', K.all, key)
redis.call('ZADD', K.index, now, key)
redis.call('ZADD', K.index .. ':TERMINATED', now, key)
redis.call('ZADD', K.ended .. 'TERMINATED', now, key)
feed(key, 'TERMINATED', last)
return {Outcome.APPLIED, 'TERMINATED', ''}
