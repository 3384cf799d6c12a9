-- Processes that run tasks themselves, by heartbeat: until when (ms) each is taken for alive.
--@include base

local function is_alive(process)
  local until_ms = redis.call('ZSCORE', K.processes, process)
  return until_ms and tonumber(until_ms) >= clock()
end

-- Nobody holds this attempt any more, so anybody may claim it. Writes at once.
local function unhold(step, attempt)
  redis.call('HDEL', K.publications .. attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK])
  attempt[AttemptRecord.OWNER], attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK] = '', '', ''
  attempt[AttemptRecord.TAKEN] = 0
  if attempt[AttemptRecord.ONCE] then attempt[AttemptRecord.ONCE] = '' end
  step[Dynamic.STATE], step[Dynamic.STARTED] = StepState.QUEUED, 0
end
