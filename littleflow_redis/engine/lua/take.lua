-- Take an attempt before any work is done for it.
-- KEYS  workflow
-- ARGV  index, token, owner (a group), worker (for people), a flight's category (may be empty) and
--       task id ('' for no flight), clock override or ''
-- Returns {code}: APPLIED, GONE, TAKEN_BY_OTHER, RECORDED, PUBLISHED, NEWER.
-- Race closed: an attempt may be handed out twice (claimed from a slow consumer, emitted again).
-- The owner is the group, not the process: within a group the stream's pending list says who works,
-- and whoever claims from a dead consumer must be able to take what that one had taken.
--@include base
local f = redis.call('HMGET', KEYS[1], 'version', 'state')
if f[2] ~= 'RUNNING' then return {Outcome.GONE} end
if tonumber(f[1]) > VERSION then return {Outcome.NEWER} end
local scope = string.match(ARGV[2], '^%d+%.%d+%.([%d.]+)%-')
local field, steps = scope and ARGV[1] .. '@' .. scope or ARGV[1], KEYS[1] .. S.steps
local raw = redis.call('HGET', steps, field)
local step, attempt = raw and cmsgpack.unpack(raw), nil
for _, open in ipairs(step and step[Dynamic.OPEN] or {}) do
  if open[Attempt.TOKEN] == ARGV[2] then attempt = open end
end
if not attempt then return {Outcome.GONE} end
local owner = attempt[Attempt.OWNER]
if owner ~= '' and owner ~= ARGV[3] then return {Outcome.TAKEN_BY_OTHER} end

if attempt[Attempt.TASK] ~= '' then
  local flight = redis.call('HGET', K.flight .. attempt[Attempt.FLIGHT], attempt[Attempt.TASK])
  if flight then
    local published = cmsgpack.unpack(flight)[Flight.STATE] == 'published'
    return {published and Outcome.PUBLISHED or Outcome.RECORDED, attempt[Attempt.TASK]}
  end
end
local now = clock(ARGV[7])
attempt[Attempt.OWNER], attempt[Attempt.TAKEN] = ARGV[3], now
attempt[Attempt.FLIGHT], attempt[Attempt.TASK] = ARGV[5], ARGV[6]
step[Dynamic.STATE], step[Dynamic.STARTED] = 'running', now
redis.call('HSET', steps, field, cmsgpack.pack(step))
redis.call('RPUSH', KEYS[1] .. S.trace, cmsgpack.pack({now, 'take', field,
  attempt[Attempt.ACTIVATION], attempt[Attempt.NUMBER], ARGV[4]}))
if ARGV[6] ~= '' then
  redis.call('HSET', K.flight .. ARGV[5], ARGV[6], cmsgpack.pack({KEYS[1], field, ARGV[2],
    attempt[Attempt.EVENT], ARGV[4], 'recorded', now}))
end
return {Outcome.APPLIED}
