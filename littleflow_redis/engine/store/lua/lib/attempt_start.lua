-- Starts the task's clock, if it has one. Writes at once.
--@include base defaults queue
local function clock_task(key, static, field, attempt, now)
  local limit = time_of(static, Static.TIMEOUT, Default.TIMEOUT)
  if limit == 0 then return end
  local member = timer_member(TimerKind.TIMEOUT, key, field, attempt[AttemptRecord.TOKEN])
  table.insert(attempt[AttemptRecord.TIMERS], 1, member)
  redis.call('ZADD', K.timers, now + limit, member)
  redis.call('SADD', key .. S.timers, member)
end

-- A claim starts the task's clock where no clock runs: a bridge's default counts from the claim. All
-- other clocks run from when the attempt was handed out.
local function clock_taken(key, flow, field, attempt, now)
  if #attempt[AttemptRecord.TIMERS] > 0 or not next(all_defaults()) then return end
  local static = cmsgpack.unpack(redis.call('HGET', flow, (string.match(field, '^%d+'))))
  clock_task(key, static, field, attempt, now)
end

-- The attempt was started: the queue's clock stops, the task's clock starts. Writes at once, as the
-- last act of its scripts.
local function started(key, flow, field, step, attempt, now)
  step[Dynamic.STATE], step[Dynamic.STARTED], attempt[AttemptRecord.TAKEN] = StepState.RUNNING, now, now
  local members = attempt[AttemptRecord.TIMERS]
  if #members == 0 then return clock_taken(key, flow, field, attempt, now) end
  if string.match(members[1], '^%a+') ~= TimerKind.QUEUE then return end
  local static = cmsgpack.unpack(redis.call('HGET', flow, (string.match(field, '^%d+'))))
  local queued = table.remove(members, 1)
  redis.call('ZREM', K.timers, queued)
  redis.call('SREM', key .. S.timers, queued)
  write_begun(static[Static.BASE], attempt, now)
  clock_task(key, static, field, attempt, now)
end

-- Writes one change of an attempt to the trace, where nothing else changes.
local function trace_now(key, state, now, what, field, attempt, detail)
  local change = cmsgpack.pack({now, what, field, attempt[AttemptRecord.ACTIVATION],
    attempt[AttemptRecord.NUMBER], detail})
  redis.call('RPUSH', key .. S.trace, change)
  feed(key, state, change)
end
