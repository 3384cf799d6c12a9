-- Failed attempts: another one after a delay, or the failure of the step.

-- Milliseconds before retry number `n`: the delay grows by its factor up to its limit, and a part of
-- it is random (the clock's microseconds are random enough to spread what failed together).
local function retry_delay(policy, n)
  local delay = math.min(policy[Retry.DELAY] * policy[Retry.BACKOFF] ^ (n - 1),
    policy[Retry.MAX_DELAY])
  local random = redis.call('TIME')[2] % 1000 / 1000
  return math.floor(delay * (1 - policy[Retry.JITTER] * random))
end

local function named(names, type)
  for _, name in ipairs(names) do
    if name == type or name == string.match(type, '([^.]+)$') then return true end
  end
  return false
end

local function may_retry(policy, step, type)
  if #policy == 0 or step[Dynamic.RETRIES] >= policy[Retry.LIMIT] then return false end
  if named(policy[Retry.EXCEPT], type) then return false end
  return #policy[Retry.ON] == 0 or named(policy[Retry.ON], type)
end

-- The attempt is closed and has failed with this reason; `final` forbids a retry.
local function fail_attempt(w, index, scope, attempt, reason, detail, final)
  local static, step = static_of(w, index), step_of(w, index, scope)
  local known, error = pcall(cjson.decode, detail)
  local type = known and error.error and error.error.type or ''
  if final or w.state ~= 'RUNNING' or not may_retry(retry_of(w, static), step, type) then
    return fail(w, index, scope, attempt, reason, detail)
  end
  step[Dynamic.RETRIES] = step[Dynamic.RETRIES] + 1
  step[Dynamic.STATE], step[Dynamic.REASON], step[Dynamic.ENDED] = 'retrying', reason, w.now
  local due = w.now + retry_delay(retry_of(w, static), step[Dynamic.RETRIES])
  arm_step(w, 'retry', field_of(index, scope), attempt[Attempt.ACTIVATION], due)
  trace(w, 'retry', field_of(index, scope), attempt[Attempt.ACTIVATION], attempt[Attempt.NUMBER],
    detail)
end
