-- Take up a `wait:delay`: the attempt is the engine's, and a timer ends it.
-- KEYS  workflow
-- ARGV  event id, group, index, token, ms to wait or '', time (ms) to wait for or '',
--       clock override or ''
-- Returns {code}: APPLIED, GONE, NEWER.
-- Race closed: the timer is set and the start-task acknowledged in one; apart, a worker that dies
-- would lose the wait, or begin it anew.
--@include base defaults queue sign
local about = redis.call('HMGET', KEYS[1], 'version', 'state', 'flow')
if tonumber(about[1] or 0) > VERSION then return {Outcome.NEWER} end
local scope = string.match(ARGV[4], '^%d+%.%d+%.([%d.]+)%-')
local field, steps = scope and ARGV[3] .. '@' .. scope or ARGV[3], KEYS[1] .. S.steps
local raw = redis.call('HGET', steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, ARGV[4])
if not attempt or attempt[AttemptRecord.OWNER] ~= '' then
  redis.call('XACK', K.stream, ARGV[2], ARGV[1])
  return {Outcome.GONE}
end
local now = clock(ARGV[7])
local due = ARGV[5] ~= '' and now + tonumber(ARGV[5]) or tonumber(ARGV[6])
started(KEYS[1], K.flow .. about[3], field, step, attempt, now)
attempt[AttemptRecord.OWNER], step[Dynamic.STATE] = '(engine)', 'waiting'
attempt[AttemptRecord.WAIT] = {due, '', '', '', '', ''}
local member = string.format('wake|%s|%s|%s', KEYS[1], field, ARGV[4])
table.insert(attempt[AttemptRecord.TIMERS], member)
redis.call('ZADD', K.timers, due, member)
redis.call('SADD', KEYS[1] .. S.timers, member)
redis.call('HSET', steps, field, cmsgpack.pack(step))
note(KEYS[1], about[2], now, 'wait', field, attempt, string.format('%d', due))
redis.call('XACK', K.stream, ARGV[2], ARGV[1])
return {Outcome.APPLIED}
