-- Somebody took an attempt up and said so by a receipt, without owning it.
-- KEYS  workflow
-- ARGV  field of the step, token, id of the receipt, group, clock override or ''
-- Returns {code}: APPLIED, GONE, UNCHANGED (there was a sign before), NEWER. All but
-- NEWER acknowledge the receipt.
--@include base defaults sign
local about = redis.call('HMGET', KEYS[1], 'flow', 'version')
local flow = about[1]
if flow and tonumber(about[2]) > VERSION then return {Outcome.NEWER} end
redis.call('XACK', K.stream, ARGV[4], ARGV[3])
local raw = flow and redis.call('HGET', KEYS[1] .. S.steps, ARGV[1])
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, ARGV[2])
if not attempt then return {Outcome.GONE} end
if attempt[Attempt.TAKEN] > 0 then return {Outcome.UNCHANGED} end
local now = clock(ARGV[5])
started(KEYS[1], K.flow .. flow, ARGV[1], step, attempt, now)
redis.call('HSET', KEYS[1] .. S.steps, ARGV[1], cmsgpack.pack(step))
redis.call('RPUSH', KEYS[1] .. S.trace, cmsgpack.pack({now, 'take', ARGV[1],
  attempt[Attempt.ACTIVATION], attempt[Attempt.NUMBER], ''}))
return {Outcome.APPLIED}
