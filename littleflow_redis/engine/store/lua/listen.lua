-- Take up a `wait:event`: find an event in the mailbox, else wait for one.
-- KEYS  workflow
-- ARGV  event id (start-task), group, index, token, kind, shape (JSON text: the names of the fields
--       that must be equal), digest, '1' to receipt the event or '', ms to wait at most or '', what
--       it must match (for people), 'new:…' if the mailbox was indexed since that was returned,
--       clock override or ''
-- Returns {APPLIED}: it waits; {MATCHED, event id, its fields}: deliver it; {AGAIN, 'new:…'}: index
--         the mailbox under this shape, and call again with this; {GONE}; {NEWER}; {TOO_MANY}.
-- Race closed: looking into the mailbox and beginning to wait are one; apart, an event that comes in
-- between is missed. A new shape is put into use before the mailbox is indexed: what comes
-- meanwhile is indexed by who brings it.
--@include base defaults queue sign mail
-- Shapes in use for one kind: every event of the kind has a digest for each.
local MAX_SHAPES = 1000
local start, group, shape, digest, indexed = ARGV[1], ARGV[2], ARGV[6], ARGV[7], ARGV[11]
local f = redis.call('HMGET', KEYS[1], 'version', 'state', 'flow')
if f[2] and tonumber(f[1]) > VERSION then return {Outcome.NEWER} end
local scope = string.match(ARGV[4], '^%d+%.%d+%.([%d.]+)%-')
local field, steps = scope and ARGV[3] .. '@' .. scope or ARGV[3], KEYS[1] .. S.steps
local raw = redis.call('HGET', steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, ARGV[4])
if f[2] ~= 'RUNNING' or not attempt or attempt[AttemptRecord.OWNER] ~= '' then
  redis.call('XACK', K.stream, group, start)
  return {Outcome.GONE}
end

local kind = K.kind .. ARGV[5]
local known = redis.call('HGET', kind, shape)
if not tonumber(known) then
  if not known and redis.call('HLEN', kind) > MAX_SHAPES then return {Outcome.TOO_MANY} end
  local covered = shape == '[]' or redis.call('HEXISTS', kind, 'mail') == 0
    or (known and known == indexed)
  if not covered then
    known = known or 'new:' .. start
    redis.call('HSET', kind, shape, known)
    return {Outcome.AGAIN, known}
  end
end

-- The oldest event that is for all or for this workflow, and that this step did not have.
local oldest
local function fits(text)
  local id = unordered(text)
  if oldest and earlier(oldest, id) then return true end
  if taken(KEYS[1], field, id) or not entitled(id, start) then return false end
  local meant = cmsgpack.unpack(redis.call('HGET', K.mail, 'd' .. id))[MailboxEntry.MEANT]
  if meant ~= '' and meant ~= KEYS[1] then return false end
  oldest = id
  return true
end
local mark = mark_of(KEYS[1])
first_member(K.letters, digest .. '||', fits)
first_member(K.letters, digest .. '|' .. mark .. '|', fits)
if not tonumber(known) then redis.call('HSET', kind, shape, 0) end
if oldest then return {Outcome.MATCHED, oldest, redis.call('HGET', K.mail, oldest)} end

local now, due = clock(ARGV[12]), 0
started(KEYS[1], K.flow .. f[3], field, step, attempt, now)
if ARGV[9] ~= '' then
  due = now + tonumber(ARGV[9])
  local member = string.format('lapse|%s|%s|%s', KEYS[1], field, ARGV[4])
  table.insert(attempt[AttemptRecord.TIMERS], member)
  redis.call('ZADD', K.timers, due, member)
  redis.call('SADD', KEYS[1] .. S.timers, member)
end
attempt[AttemptRecord.OWNER], step[Dynamic.STATE] = '(engine)', 'waiting'
attempt[AttemptRecord.WAIT] = {due, ARGV[5], ARGV[10], digest, shape, ARGV[8]}
redis.call('HINCRBY', kind, shape, 1)
redis.call('ZADD', K.waiters, 0, digest .. '|' .. mark .. '|' .. start)
redis.call('HSET', steps, field, cmsgpack.pack(step))
note(KEYS[1], f[2], now, 'wait', field, attempt, ARGV[5])
redis.call('XACK', K.stream, group, start)
return {Outcome.APPLIED}
