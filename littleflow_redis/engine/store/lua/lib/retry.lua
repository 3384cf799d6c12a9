-- Failed attempts: another one after a delay, or the failure of the step.
--@include defaults fire_step plan timers

-- Milliseconds before retry number `n`: the delay grows by its factor up to its limit, and a part of
-- it is random (the clock's microseconds are random enough to spread what failed together).
local function retry_delay(policy, n)
  local delay = math.min(policy[Retry.DELAY] * policy[Retry.BACKOFF] ^ (n - 1),
    policy[Retry.MAX_DELAY])
  local random = redis.call('TIME')[2] % 1000 / 1000
  return math.floor(delay * (1 - policy[Retry.JITTER] * random))
end

-- Whether one of the names means one of the classes: all of it, or its last part (see raised.py).
local function named(names, classes)
  for _, name in ipairs(names) do
    for _, class in ipairs(classes) do
      if name == class or name == string.match(class, '([^.]+)$') then return true end
    end
  end
  return false
end

-- Of what was raised: its class and those above it, JSON. Who does not tell them told its type.
local function classes_of(told, detail)
  if told ~= '' then return cjson.decode(told) end
  local known, error = pcall(cjson.decode, detail)
  return {known and error.error and error.error.type or ''}
end

local function may_retry(policy, step, classes)
  if #policy == 0 or step[Dynamic.RETRIES] >= policy[Retry.LIMIT] then return false end
  if named(policy[Retry.EXCEPT], classes) then return false end
  return #policy[Retry.ON] == 0 or named(policy[Retry.ON], classes)
end

-- The attempt is closed and has failed with this reason; `final` forbids a retry.
local function fail_attempt(w, index, scope, attempt, reason, detail, classes, final)
  local static, step = static_of(w, index), step_of(w, index, scope)
  if final or w.state ~= WorkflowState.RUNNING
    or not may_retry(retry_of(static), step, classes_of(classes, detail)) then
    return fail(w, index, scope, attempt, reason, detail)
  end
  step[Dynamic.RETRIES] = step[Dynamic.RETRIES] + 1
  step[Dynamic.STATE], step[Dynamic.REASON], step[Dynamic.ENDED] = StepState.RETRYING, reason, w.now
  local due = w.now + retry_delay(retry_of(static), step[Dynamic.RETRIES])
  set_step_timer(w, TimerKind.RETRY, field_of(index, scope), attempt[AttemptRecord.ACTIVATION], due)
  trace(w, TraceKind.RETRY, field_of(index, scope), attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER],
    detail)
end
