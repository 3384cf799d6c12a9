-- After a transition: does the workflow still move?
--@include close_attempt fire_step plan

local function stall_reason(w)
  local all, best = redis.call('HGETALL', w.key .. S.steps), nil
  local tokens = {}
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == 't' then
      tokens[string.sub(all[i], 2)] = tonumber(all[i + 1])
    end
  end
  for field, count in pairs(w.cache.tokens) do tokens[field] = count end
  for field, count in pairs(tokens) do
    local index = tonumber(string.match(field, '^%d+'))
    if count > 0 and (not best or index < best[1]) then best = {index, count} end
  end
  if not best then return 'stalled: nothing runs and the end was not reached' end
  local static = static_of(w, best[1])
  local name = static[Static.KIND] == KindCode.END and '"end"' or static[Static.NAME]
  return string.format('stalled: step %d (%s) has %d of %d inputs', best[1],
    string.gsub(name, '"', ''), best[2], static[Static.THRESHOLD])
end

-- Call it last in a plan. With nothing open, ready or waiting, nothing can ever happen again.
local function detect_stall(w)
  if w.open > 0 or w.waiting > 0 then return end
  if w.state == WorkflowState.RUNNING then conclude(w, WorkflowState.FAILED, stall_reason(w))
  elseif w.state == WorkflowState.TERMINATING then conclude(w, WorkflowState.TERMINATED) end
end

-- Closes an open attempt that nobody will end. Its step fails by `how`, which is `fail` if its input is gone,
-- for a retry would not find it either.
local function give_up(w, index, scope, attempt, how, reason)
  close_attempt(w, step_of(w, index, scope), attempt[AttemptRecord.TOKEN])
  how(w, index, scope, attempt, reason)
  w.arrived[#w.arrived + 1] = {index, scope}
  settle(w)
  detect_stall(w)
end
