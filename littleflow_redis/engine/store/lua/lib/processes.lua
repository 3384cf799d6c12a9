-- Processes that run tasks themselves, by heartbeat: until when (ms) each is taken for alive.
--@include base

local function is_alive(process)
  local until_ms = redis.call('ZSCORE', K.processes, process)
  return until_ms and tonumber(until_ms) >= clock()
end
