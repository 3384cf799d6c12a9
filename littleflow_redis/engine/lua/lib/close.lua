-- Closing attempts and ending workflows, still in the plan.

-- Close the step's open attempt with this token; returns its record, nil if there is none.
local function close(w, step, token)
  for i, attempt in ipairs(step[Dynamic.OPEN]) do
    if attempt[Attempt.TOKEN] == token then
      w.closed[#w.closed + 1] = table.remove(step[Dynamic.OPEN], i)
      w.open = w.open - 1
      return attempt
    end
  end
end

local function mark_cancelled(w, field, activation, number)
  local step = step_of(w, tonumber(string.match(field, '^%d+')), string.match(field, '@(.+)$') or '')
  step[Dynamic.STATE], step[Dynamic.ENDED] = 'cancelled', w.now
  trace(w, 'cancel', field, activation, number)
  return step
end

-- Every step of the workflow that was reached, with what this plan has changed.
local function load_all(w)
  local all = redis.call('HGETALL', w.key .. S.steps)
  for i = 1, #all, 2 do
    if string.match(all[i], '^%d') and not w.steps[all[i]] then
      w.steps[all[i]] = cmsgpack.unpack(all[i + 1])
      w.had[all[i]] = tonumber(redis.call('HGET', w.key .. S.steps, 't' .. all[i]) or 0)
      w.tokens[all[i]] = w.had[all[i]]
    end
  end
end

local function cancel_attempts(w, idle)
  load_all(w)
  for field, step in pairs(w.steps) do
    for i = #step[Dynamic.OPEN], 1, -1 do
      local attempt = step[Dynamic.OPEN][i]
      if not idle or attempt[Attempt.OWNER] == '' then
        close(w, step, attempt[Attempt.TOKEN])
        mark_cancelled(w, field, attempt[Attempt.ACTIVATION], attempt[Attempt.NUMBER])
      end
    end
  end
  w.emits = {}
end

-- Cancel what is open, ready or waiting, here or in this very plan; with `idle`, leave those
-- attempts that somebody has taken.
local function cancel(w, idle)
  if w.open > 0 then cancel_attempts(w, idle) end
  if w.waiting == 0 then return end
  for _, member in ipairs(redis.call('SMEMBERS', w.key .. S.timers)) do
    w.untimed[#w.untimed + 1] = member
  end
  for i = 2, #w.timers, 2 do w.untimed[#w.untimed + 1] = w.timers[i] end
  for _, member in ipairs(w.untimed) do
    local field, activation = string.match(member, '|([%d@.]+)|(%d+)$')
    mark_cancelled(w, field, tonumber(activation), 0)
  end
  w.timers, w.ready, w.waiting = {}, {}, 0
end

-- The workflow ends here, or begins to: `state` with a reason for people.
local function conclude(w, state, reason)
  w.state, w.reason = state, reason or ''
  if state == 'FINISHED' or state == 'TERMINATED' then cancel(w) end
  trace(w, state, '', 0, 0, reason)
end
