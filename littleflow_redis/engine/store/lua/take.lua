-- Take an attempt before any work is done for it.
-- KEYS  workflow
-- ARGV  index, token, owner (a group), worker (for people), a flight's category (may be empty) and
--       task id ('' for no flight), clock override or '', how often it may be taken (0: no limit),
--       'queued' if it goes into a queue from which a sign of start will come, else ''
-- Returns {code}: APPLIED, GONE, TAKEN_BY_OTHER, RECORDED, PUBLISHED, WORN_OUT, NEWER.
-- Race closed: an attempt may be handed out twice (claimed from a slow consumer, emitted again).
-- The owner is the group, not the process: within a group the stream's pending list says who works,
-- and whoever claims from a dead consumer must be able to take what that one had taken. If its workflow
-- is TERMINATING, the timer that cancels it is set in the script that finds nobody to work on it.
-- Each is by itself; many share a call.
--@include base defaults queue sign
--@many 9
local f = redis.call('HMGET', KEYS[1], 'version', 'state', 'flow')
if not f[2] then return {Outcome.GONE} end
if tonumber(f[1]) > VERSION then return {Outcome.NEWER} end
local scope = string.match(ARGV[2], '^%d+%.%d+%.([%d.]+)%-')
local field, steps = scope and ARGV[1] .. '@' .. scope or ARGV[1], KEYS[1] .. S.steps
local raw = redis.call('HGET', steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, ARGV[2])
if not attempt then return {Outcome.GONE} end
local owner = attempt[AttemptRecord.OWNER]
if owner ~= '' and owner ~= ARGV[3] then return {Outcome.TAKEN_BY_OTHER} end

local flights, flight = K.flight .. attempt[AttemptRecord.FLIGHT], false
if attempt[AttemptRecord.TASK] ~= '' then
  flight = redis.call('HGET', flights, attempt[AttemptRecord.TASK])
  if flight and cmsgpack.unpack(flight)[PublicationRecord.STATE] == 'published' then
    return {Outcome.PUBLISHED}
  end
end
if f[2] ~= 'RUNNING' then
  -- Whoever had taken it died before it began: to a restart it is as if nobody had.
  if owner ~= '' then
    attempt[AttemptRecord.OWNER], attempt[AttemptRecord.TAKEN] = '', 0
    if flight then redis.call('HDEL', flights, attempt[AttemptRecord.TASK]) end
    attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK] = '', ''
    -- The workflow waits for an end that nobody will send. A timer cancels the attempt, for that takes
    -- all the libraries of a transition, and this script runs for each task.
    if f[2] == 'TERMINATING' then
      local member = string.format('cancel|%s|%s|%s', KEYS[1], field, ARGV[2])
      table.insert(attempt[AttemptRecord.TIMERS], member)
      redis.call('ZADD', K.timers, clock(ARGV[7]), member)
      redis.call('SADD', KEYS[1] .. S.timers, member)
    end
    redis.call('HSET', steps, field, cmsgpack.pack(step))
  end
  return {Outcome.GONE}
end
if flight then return {Outcome.RECORDED} end
-- Not the stream's count of deliveries: that grows with every lost connection, too.
local takes, most = attempt[AttemptRecord.TAKES] or 0, tonumber(ARGV[8])
if most > 0 and takes >= most then return {Outcome.WORN_OUT} end
local now = clock(ARGV[7])
attempt[AttemptRecord.TAKES] = takes + 1
attempt[AttemptRecord.OWNER] = ARGV[3]
attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK] = ARGV[5], ARGV[6]
local queued = ARGV[9] == 'queued'
if queued then clock_taken(KEYS[1], K.flow .. f[3], field, attempt, now)
else started(KEYS[1], K.flow .. f[3], field, step, attempt, now) end
redis.call('HSET', steps, field, cmsgpack.pack(step))
-- The task's id outlives its flight in the trace alone.
local detail = ARGV[6] == '' and ARGV[4] or cjson.encode({worker = ARGV[4], celery_id = ARGV[6]})
note(KEYS[1], f[2], now, queued and 'publish' or 'take', field, attempt, detail)
if ARGV[6] ~= '' then
  redis.call('HSET', K.flight .. ARGV[5], ARGV[6], cmsgpack.pack({KEYS[1], field, ARGV[2],
    attempt[AttemptRecord.EVENT], ARGV[4], 'recorded', now}))
end
return {Outcome.APPLIED}
