-- Closing attempts and ending workflows, still in the plan.

-- Close the open attempt that stands in :open under `field`; returns its record, nil if closed.
local function close(w, field)
  local raw = not w.gone[field] and redis.call('HGET', w.key .. S.open, field)
  if not raw then return nil end
  local attempt = cmsgpack.unpack(raw)
  w.gone[field] = true
  w.closed[#w.closed + 1] = {field, attempt}
  w.open = w.open - 1
  return attempt
end

-- Take the token out of the step's open ones.
local function forget(step, token)
  for i, open in ipairs(step[Dynamic.OPEN]) do
    if open == token then return table.remove(step[Dynamic.OPEN], i) end
  end
end

local function mark_cancelled(w, field, activation, number)
  local step = step_of(w, tonumber(string.match(field, '^%d+')), string.match(field, '@(.+)$') or '')
  step[Dynamic.STATE], step[Dynamic.ENDED] = 'cancelled', w.now
  trace(w, 'cancel', field, activation, number)
  return step
end

-- Cancel what is open, ready or waiting, here or in this very plan; with `idle`, leave those
-- attempts that somebody has taken.
local function cancel(w, idle)
  for _, field in ipairs(redis.call('HKEYS', w.key .. S.open)) do
    local owner = idle and cmsgpack.unpack(redis.call('HGET', w.key .. S.open, field))[Attempt.OWNER]
    local attempt = (owner or '') == '' and close(w, field)
    if attempt then
      local step = mark_cancelled(w, attempt[Attempt.STEP], attempt[Attempt.ACTIVATION],
        attempt[Attempt.NUMBER])
      forget(step, string.match(field, ':(.+)$'))
    end
  end
  for _, e in ipairs(w.emits) do
    forget(mark_cancelled(w, e.field, e.activation, e.number), e.token)
    w.open = w.open - 1
  end
  for _, member in ipairs(redis.call('SMEMBERS', w.key .. S.timers)) do
    w.untimed[#w.untimed + 1] = member
  end
  for i = 2, #w.timers, 2 do w.untimed[#w.untimed + 1] = w.timers[i] end
  for _, member in ipairs(w.untimed) do
    local field, activation = string.match(member, '|([%d@.]+)|(%d+)$')
    mark_cancelled(w, field, tonumber(activation), 0)
  end
  w.emits, w.timers, w.ready, w.waiting = {}, {}, {}, 0
end

-- The workflow ends here, or begins to: `state` with a reason for people.
local function conclude(w, state, reason)
  w.state, w.reason = state, reason or ''
  if state == 'FINISHED' or state == 'TERMINATED' then cancel(w) end
  trace(w, state, '', 0, 0, reason)
end
