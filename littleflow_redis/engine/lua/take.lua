-- Take an attempt before any work is done for it.
-- KEYS  workflow
-- ARGV  index, token, owner (a group), worker (for people), flight category or '', task id or '',
--       clock override or ''
-- Returns {code}: APPLIED, GONE, TAKEN_BY_OTHER, RECORDED, PUBLISHED, NEWER.
-- Race closed: an attempt may be handed out twice (claimed from a slow consumer, emitted again).
-- The owner is the group, not the process: within a group the stream's pending list says who works,
-- and whoever claims from a dead consumer must be able to take what that one had taken.
--@include base
local field = ARGV[1] .. ':' .. ARGV[2]
local f = redis.call('HMGET', KEYS[1], 'version', 'flow')
if not f[1] or redis.call('GET', KEYS[1] .. S.state) ~= 'RUNNING' then return {Outcome.GONE} end
if tonumber(f[1]) > VERSION then return {Outcome.NEWER} end
local raw = redis.call('HGET', KEYS[1] .. S.open, field)
if not raw then return {Outcome.GONE} end
local attempt = cmsgpack.unpack(raw)
local owner = attempt[Attempt.OWNER]
if owner ~= '' and owner ~= ARGV[3] then return {Outcome.TAKEN_BY_OTHER} end

if owner ~= '' and attempt[Attempt.FLIGHT] ~= '' then
  local flight = redis.call('HGET', K.flight .. attempt[Attempt.FLIGHT], attempt[Attempt.TASK])
  if flight then
    local published = cmsgpack.unpack(flight)[Flight.STATE] == 'published'
    return {published and Outcome.PUBLISHED or Outcome.RECORDED, attempt[Attempt.TASK]}
  end
end
local now = clock(ARGV[7])
attempt[Attempt.OWNER], attempt[Attempt.TAKEN] = ARGV[3], now
attempt[Attempt.FLIGHT], attempt[Attempt.TASK] = ARGV[5], ARGV[6]
local steps = KEYS[1] .. S.steps
local step = cmsgpack.unpack(redis.call('HGET', steps, attempt[Attempt.STEP]))
step[Dynamic.STATE], step[Dynamic.STARTED] = 'running', now
local entry = cmsgpack.pack({now, 'take', attempt[Attempt.STEP], attempt[Attempt.ACTIVATION],
  attempt[Attempt.NUMBER], ARGV[4]})
redis.call('HSET', KEYS[1] .. S.open, field, cmsgpack.pack(attempt))
redis.call('HSET', steps, attempt[Attempt.STEP], cmsgpack.pack(step))
redis.call('RPUSH', KEYS[1] .. S.trace, entry)
if ARGV[5] ~= '' then
  redis.call('HSET', K.flight .. ARGV[5], ARGV[6],
    cmsgpack.pack({KEYS[1], field, attempt[Attempt.EVENT], ARGV[4], 'recorded', now}))
end
return {Outcome.APPLIED}
