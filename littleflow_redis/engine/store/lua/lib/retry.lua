-- Failed attempts: another one follows after a delay, or the step fails.
--@include defaults fire_step plan timers

-- Milliseconds before retry number `n`. The delay grows by its factor up to its limit, and a part of it
-- is random. The clock's microseconds are random enough to spread attempts that failed together.
local function retry_delay(policy, n)
  local delay = math.min(policy[Retry.DELAY] * policy[Retry.BACKOFF] ^ (n - 1),
    policy[Retry.MAX_DELAY])
  local random = redis.call('TIME')[2] % 1000 / 1000
  return math.floor(delay * (1 - policy[Retry.JITTER] * random))
end

-- Whether a name means one of the classes: the whole name, or its last part (see raised.py).
local function named(names, classes)
  for _, name in ipairs(names) do
    for _, class in ipairs(classes) do
      if name == class or name == string.match(class, '([^.]+)$') then return true end
    end
  end
  return false
end

-- The classes of the exception, its own and its bases, from a JSON list. A listener that reports none
-- has reported the type.
local function classes_of(reported, detail)
  if reported ~= '' then return cjson.decode(reported) end
  local known, error = pcall(cjson.decode, detail)
  return {known and error.error and error.error.type or ''}
end

local function may_retry(policy, step, classes)
  if #policy == 0 or step[Dynamic.RETRIES] >= policy[Retry.LIMIT] then return false end
  if named(policy[Retry.EXCEPT], classes) then return false end
  return #policy[Retry.ON] == 0 or named(policy[Retry.ON], classes)
end

-- The closed attempt has failed with this reason. `final` forbids a retry.
local function fail_attempt(w, index, scope, attempt, reason, detail, classes, final)
  local static, step = static_of(w, index), step_of(w, index, scope)
  local names = classes_of(classes, detail)
  -- Its process was killed, so nobody knows how much of its work is done.
  final = final or attempt[AttemptRecord.ONCE] and named({'WorkerLostError', 'TimeLimitExceeded'}, names)
  if final or w.state ~= WorkflowState.RUNNING or not may_retry(retry_of(static), step, names) then
    return fail(w, index, scope, attempt, reason, detail)
  end
  step[Dynamic.RETRIES] = step[Dynamic.RETRIES] + 1
  step[Dynamic.STATE], step[Dynamic.REASON], step[Dynamic.ENDED] = StepState.RETRYING, reason, w.now
  local due = w.now + retry_delay(retry_of(static), step[Dynamic.RETRIES])
  set_step_timer(w, TimerKind.RETRY, field_of(index, scope), attempt[AttemptRecord.ACTIVATION], due)
  trace(w, TraceKind.RETRY, field_of(index, scope), attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER],
    detail)
end

-- The closed attempt may have run, and must not run twice: a restart by a person alone begins it again.
-- reason: nil if its process has died, or nothing shows any more that somebody has it.
local function fail_lost(w, index, scope, attempt, reason)
  reason = reason or 'the process that had it died before it reported an end: it may have run, and '
    .. '$on-lost: fail forbids another run'
  fail(w, index, scope, attempt, 'WorkerLostError: ' .. reason,
    cjson.encode({reason = reason, error = {type = 'WorkerLostError', message = reason}}))
end
