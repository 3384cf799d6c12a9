-- Somebody took an attempt up and said so, without owning it: a listener by a receipt, or a Celery
-- worker by the state that it stored.
-- KEYS  workflow
-- ARGV  index of the step, token, id of the receipt or '', group, clock override or '', worker or ''
-- Returns {code}: APPLIED, GONE, UNCHANGED (there was a sign before), NEWER. All but
-- NEWER acknowledge the receipt.
-- Race closed: a sign that comes after the end of its attempt finds it closed.
-- Each is by itself; many share a call.
--@include base defaults queue sign
--@many 6
local about = redis.call('HMGET', KEYS[1], 'flow', 'version', 'state')
local flow = about[1]
if flow and tonumber(about[2]) > VERSION then return {Outcome.NEWER} end
local scope = string.match(ARGV[2], '^%d+%.%d+%.([%d.]+)%-')
local field = scope and ARGV[1] .. '@' .. scope or ARGV[1]
local raw = flow and redis.call('HGET', KEYS[1] .. S.steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, ARGV[2])

local function done(code)
  if ARGV[3] ~= '' then redis.call('XACK', K.stream, ARGV[4], ARGV[3]) end
  return {code}
end

if not attempt then return done(Outcome.GONE) end
if attempt[AttemptRecord.TAKEN] > 0 then return done(Outcome.UNCHANGED) end
local now = clock(ARGV[5])
started(KEYS[1], K.flow .. flow, field, step, attempt, now)
redis.call('HSET', KEYS[1] .. S.steps, field, cmsgpack.pack(step))
note(KEYS[1], about[3], now, 'take', field, attempt, ARGV[6])
return done(Outcome.APPLIED)
