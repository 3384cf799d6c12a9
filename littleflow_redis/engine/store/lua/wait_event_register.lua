-- Begin a `wait:event`: find an event in the mailbox, else wait for one.
-- Returns {APPLIED}: it waits; {MATCHED, event id, its fields}: deliver it; {AGAIN, 'new:…'}: index the
-- mailbox under this shape, and call again with this; {GONE}; {NEWER}; {TOO_MANY}.
-- Race closed: looking into the mailbox and beginning to wait are one. Apart, an event that comes in
-- between is missed. A new shape is put into use before the mailbox is indexed: events that come
-- meanwhile are indexed as they are received.
-- start: the start-task.
-- shape: JSON text, the names of the fields that must be equal.
-- ms: to wait at most, or ''.
-- shown: the match, for people.
-- indexed: the 'new:…' that this returned before the mailbox was indexed.
--@keys workflow
--@args start group index token kind shape digest receipt ms:number shown indexed
--@include attempt_start mailbox
-- Shapes in use for one kind: every event of the kind has a digest for each.
local MAX_SHAPES = 1000
local f = redis.call('HMGET', workflow, 'version', 'state', 'flow')
if f[2] and tonumber(f[1]) > VERSION then return {Outcome.NEWER} end
local field, steps = field_by_token(index, token), workflow .. S.steps
local raw = redis.call('HGET', steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, token)
if f[2] ~= WorkflowState.RUNNING or not attempt or attempt[AttemptRecord.OWNER] ~= '' then
  redis.call('XACK', K.events, group, start)
  return {Outcome.GONE}
end

local shapes = K.kind .. kind
local known = redis.call('HGET', shapes, shape)
if not tonumber(known) then
  if not known and redis.call('HLEN', shapes) > MAX_SHAPES then return {Outcome.TOO_MANY} end
  local covered = shape == '[]' or redis.call('HEXISTS', shapes, 'mail') == 0
    or (known and known == indexed)
  if not covered then
    known = known or 'new:' .. start
    redis.call('HSET', shapes, shape, known)
    return {Outcome.AGAIN, known}
  end
end

-- The oldest event that is for all or for this workflow, and that this step has not had.
local oldest
local function fits(text)
  local id = unordered(text)
  if oldest and earlier(oldest, id) then return true end
  if had_event(workflow, field, id) or not entitled(id, start) then return false end
  local meant = cmsgpack.unpack(redis.call('HGET', K.mailbox, 'd' .. id))[MailboxEntry.MEANT]
  if meant ~= '' and meant ~= workflow then return false end
  oldest = id
  return true
end
local mark = mark_of(workflow)
first_member(K.mailbox_digests, digest .. '||', fits)
first_member(K.mailbox_digests, digest .. '|' .. mark .. '|', fits)
if not tonumber(known) then redis.call('HSET', shapes, shape, 0) end
if oldest then return {Outcome.MATCHED, oldest, redis.call('HGET', K.mailbox, oldest)} end

local now, due = clock(), 0
started(workflow, K.flow .. f[3], field, step, attempt, now)
if ms then
  due = now + ms
  local member = timer_member(TimerKind.LAPSE, workflow, field, token)
  table.insert(attempt[AttemptRecord.TIMERS], member)
  redis.call('ZADD', K.timers, due, member)
  redis.call('SADD', workflow .. S.timers, member)
end
attempt[AttemptRecord.OWNER], step[Dynamic.STATE] = ENGINE, StepState.WAITING
attempt[AttemptRecord.WAIT] = {due, kind, shown, digest, shape, receipt}
redis.call('HINCRBY', shapes, shape, 1)
redis.call('ZADD', K.waiters, 0, digest .. '|' .. mark .. '|' .. start)
redis.call('HSET', steps, field, cmsgpack.pack(step))
trace_now(workflow, f[2], now, TraceKind.WAIT, field, attempt, kind)
redis.call('XACK', K.events, group, start)
return {Outcome.APPLIED}
