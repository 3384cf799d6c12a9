-- Restarting from named steps: they and all that follow from them begin anew.
-- The plan (msgpack) has these entries.
-- from: steps to fire.
-- steps: all that follow, as {step, sources outside...}.
-- heads: starts of loops that lead back from within, as {start, sources outside...}.
-- order: every step behind those before it, as {step, sources...}, if there are loops.
-- input: JSON text for the one step, or ''.
--@include base close_attempt fire_step input plan timers value

local function over(step)
  return step and DONE[step[Dynamic.STATE]]
end

-- Which steps have ended in the present round of their loops. A step with all its inputs has begun, if
-- nothing held it. So a step that has ended and does not follow from steps that count ended in an
-- earlier round.
local function counting(w, order)
  local counts, steps, tokens = {}, w.cache.steps, w.cache.tokens
  if #order == 0 then
    for field, step in pairs(steps) do counts[field] = over(step) end
    return counts
  end
  for _, entry in ipairs(order) do
    local field = tostring(entry[1])
    local step = steps[field]
    if over(step) then
      local static, sources = static_of(w, entry[1]), entry
      if static[Static.KIND] == KindCode.SUBFLOW_END and step[Dynamic.STATE] == StepState.SKIPPED then
        sources = {entry[1], static[Static.PARTNER]}
      end
      counts[field] = tokens[field] < static[Static.THRESHOLD]
      for i = 2, #sources do
        if not counts[tostring(sources[i])] then counts[field] = false end
      end
    end
  end
  return counts
end

local function tally(counts, entry)
  local count = 0
  for i = 2, #entry do
    if counts[tostring(entry[i])] then count = count + 1 end
  end
  return count
end

local function zero(w, field)
  local cache = w.cache
  if cache.tokens[field] ~= nil then cache.tokens[field] = 0 end
  if (cache.backs[field] or 0) > 0 then cache.backs[field] = 0 end
end

local function close_all(w, field, step)
  for i = #step[Dynamic.OPEN], 1, -1 do
    local attempt = close_attempt(w, step, step[Dynamic.OPEN][i][AttemptRecord.TOKEN])
    trace(w, TraceKind.CANCEL, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
  end
end

-- Resets the step as if it had not run. Its activations stay counted, so that the next one is new.
local function reset(w, index)
  local field = tostring(index)
  local step = step_of(w, index, '')
  close_all(w, field, step)
  if step[Dynamic.STATE] ~= StepState.IDLE then trace(w, TraceKind.RESET, field, step[Dynamic.ACTIVATIONS], 0) end
  step[Dynamic.STATE], step[Dynamic.REASON], step[Dynamic.ENDED] = StepState.IDLE, '', 0
  step[Dynamic.QUEUED], step[Dynamic.STARTED], step[Dynamic.OWED] = 0, 0, {}
  step[Dynamic.ITEMS], step[Dynamic.NEXT], step[Dynamic.DONE] = 0, 0, 0
  zero(w, field)
  drop_output(w, field, w.writes.unlinked_before)
  w.cache.outputs[field] = '{}'
end

-- Removes the items of iterations among these steps, and the inputs and outputs kept for them: the next
-- activation has its own.
local function drop_items(w, set)
  local cache, writes, gone = w.cache, w.writes, {}
  for field, step in pairs(cache.steps) do
    local index, at = string.match(field, '^(%d+)(@?)')
    if at ~= '' and set[tonumber(index)] then
      close_all(w, field, step)
      gone[#gone + 1] = field
    end
  end
  for _, name in ipairs(redis.call('HKEYS', w.key .. S.items)) do
    local index = string.match(name, '^[io]?(%d+)')
    if index and set[tonumber(index)] then writes.kept[name] = false end
  end
  local removed = writes.removed_steps
  for _, field in ipairs(gone) do
    drop_output(w, field, writes.unlinked_before)
    writes.changed[field], cache.steps[field] = nil, nil
    cache.tokens[field], cache.backs[field] = nil, nil
    removed[#removed + 1] = field
    removed[#removed + 1] = 't' .. field
    removed[#removed + 1] = 'b' .. field
  end
end

-- Removes the timers of one kind, or all by which these steps fire.
local function drop_timers(w, set, only)
  for _, member in ipairs(redis.call('SMEMBERS', w.key .. S.timers)) do
    local kind, index = string.match(member, '^(%a+)|[^|]+|(%d+)[^|]*|%d+$')
    if index and set[tonumber(index)] and (not only or kind == only) then
      remove_timer(w, member)
      w.waiting = w.waiting - 1
    end
  end
end

-- Undoes a round that was about to begin: the steps that lead to it run again.
local function undo_round(w, head)
  local step = w.cache.steps[tostring(head)]
  if not step or over(step) then return end
  step = step_of(w, head, '')
  if step[Dynamic.ROUND] ~= 1 then return end
  w.writes.kept[input_name(static_of(w, head), tostring(head), step[Dynamic.ACTIVATIONS])] = false
  step[Dynamic.STATE], step[Dynamic.ACTIVATIONS] = StepState.ENDED, step[Dynamic.ACTIVATIONS] - 1
  step[Dynamic.REASON], step[Dynamic.OWED] = '', {}
end

-- Undoes the steps of the plan. `rerun` fires the first of them.
local function rewind(w, plan)
  local set, heads = {}, {}
  for _, entry in ipairs(plan.steps) do set[entry[1]] = true end
  for _, head in ipairs(plan.heads) do heads[head[1]] = true end
  drop_timers(w, set)
  drop_timers(w, heads, TimerKind.ROUND)
  for _, head in ipairs(plan.heads) do undo_round(w, head[1]) end
  local counts = counting(w, plan.order)
  drop_items(w, set)
  for _, entry in ipairs(plan.steps) do
    -- A step under an iteration has only records of its items, and they are gone.
    if static_of(w, entry[1])[Static.DEPTH] == 0 then
      reset(w, entry[1])
      w.cache.tokens[tostring(entry[1])] = tally(counts, entry)
    end
  end
  for _, head in ipairs(plan.heads) do w.cache.backs[tostring(head[1])] = tally(counts, head) end
end

local function rerun(w, plan)
  for _, index in ipairs(plan.from) do
    w.cache.tokens[tostring(index)] = 0
    if plan.input ~= '' then w.given[tostring(index)] = plan.input end
    fire_step(w, index, '', false)
  end
end
