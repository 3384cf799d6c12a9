-- Closing attempts and ending workflows, within the plan.
--@include base plan timers

-- Closes the step's open attempt with this token. Returns its record, nil if there is none.
local function close_attempt(w, step, token)
  for i, attempt in ipairs(step[Dynamic.OPEN]) do
    if attempt[AttemptRecord.TOKEN] == token then
      local closed = w.writes.closed
      closed[#closed + 1] = table.remove(step[Dynamic.OPEN], i)
      w.open = w.open - 1
      for _, member in ipairs(attempt[AttemptRecord.TIMERS]) do remove_timer(w, member) end
      return attempt
    end
  end
end

-- A restart begins this activation again, by a timer of this kind.
local function owe(step, activation, kind)
  step[Dynamic.OWED] = step[Dynamic.OWED] or {}
  table.insert(step[Dynamic.OWED], {activation, kind})
end

local function mark_cancelled(w, field, activation, number, kind)
  local step = step_of(w, index_and_scope(field))
  step[Dynamic.STATE], step[Dynamic.ENDED] = StepState.CANCELLED, w.now
  owe(step, activation, kind or TimerKind.RETRY)
  trace(w, TraceKind.CANCEL, field, activation, number)
  return step
end

-- Loads every step that the workflow has reached. Changes of this plan stay.
local function load_all(w)
  local all, found = redis.call('HGETALL', w.key .. S.steps), {}
  local cache = w.cache
  local steps, tokens, backs = cache.steps, cache.tokens, cache.backs
  for i = 1, #all, 2 do
    local kind, field = string.match(all[i], '^([tb]?)(.+)$')
    if kind == 't' then found[field] = tonumber(all[i + 1])
    elseif kind == 'b' then backs[field] = backs[field] or tonumber(all[i + 1])
    elseif not steps[field] then steps[field] = cmsgpack.unpack(all[i + 1]) end
  end
  for field, count in pairs(found) do
    steps[field] = steps[field] or Step.UNTOUCHED
    if tokens[field] == nil then tokens[field], cache.tokens_before[field] = count, count end
  end
  for field in pairs(steps) do
    if tokens[field] == nil then tokens[field], cache.tokens_before[field] = 0, 0 end
  end
end

-- Cancels open attempts. `idle`: skip attempts already started. 'unpublished': also skip attempts
-- queued at a broker.
local function cancel_attempts(w, idle)
  load_all(w)
  for field, step in pairs(w.cache.steps) do
    for i = #step[Dynamic.OPEN], 1, -1 do
      local attempt = step[Dynamic.OPEN][i]
      local left = idle and (attempt[AttemptRecord.TAKEN] > 0
        or idle == 'unpublished' and attempt[AttemptRecord.OWNER] ~= '')
      if not left or attempt[AttemptRecord.OWNER] == ENGINE then
        close_attempt(w, step, attempt[AttemptRecord.TOKEN])
        mark_cancelled(w, field, attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
      end
    end
  end
  w.writes.start_tasks, w.writes.handed = {}, {}
end

-- Cancels all that is open, ready or waiting, stored or in this plan. `idle`: skip attempts already
-- started.
local function cancel(w, idle)
  if w.open > 0 then cancel_attempts(w, idle) end
  if w.waiting == 0 then return end
  local members, timers = redis.call('SMEMBERS', w.key .. S.timers), w.writes.timers
  for i = 2, #timers, 2 do members[#members + 1] = timers[i] end
  for _, member in ipairs(members) do
    local kind, field, activation = string.match(member, '^(%a+)|[^|]+|([%d@.]+)|(%d+)$')
    if field then
      remove_timer(w, member)
      mark_cancelled(w, field, tonumber(activation), 0, kind)
    end
  end
  w.ready, w.waiting = {}, 0
end

-- Ends the workflow, or begins to: `state`, with a reason for people.
local function conclude(w, state, reason)
  w.state, w.reason = state, reason or ''
  if state == WorkflowState.FINISHED or state == WorkflowState.TERMINATED then cancel(w) end
  trace(w, state, '', 0, 0, reason)
end
