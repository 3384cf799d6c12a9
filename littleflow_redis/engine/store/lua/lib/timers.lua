-- Timers: members of one sorted set, `kind|workflow|step|rest`, due in ms. The workflow's own set says
-- which it has. The script that acts on a timer also removes it.
--@include base plan

local function timer(kind, w, field, rest)
  return timer_member(kind, w.key, field, rest)
end

-- The plan of a due timer's workflow. Returns nil and the reply if there is none, or a newer one.
local function load_for_timer(key, member)
  local w = load_workflow(key, clock())
  if not w then
    redis.call('ZREM', K.timers, member)
    return nil, {Outcome.UNKNOWN_WORKFLOW, '', ''}
  end
  if w.version > VERSION then return nil, {Outcome.NEWER, '', ''} end
  return w
end

local function set_timer(w, member, due)
  local timers = w.writes.timers
  timers[#timers + 1] = due
  timers[#timers + 1] = member
  return member
end

local function remove_timer(w, member)
  local removed = w.writes.removed_timers
  removed[#removed + 1] = member
end

-- The member of a waiter for a latch, `latch|workflow|step|token~<sha1 of its name>`: a timer without a
-- time. It lies with the latch's other waiters, and moves to the timers, due at once, when the latch is
-- at zero.
local function latch_member(w, field, token, name)
  return timer(TimerKind.LATCH, w, field, token .. '~' .. redis.sha1hex(name))
end

local function write_removed_timers(w)
  local removed = w.writes.removed_timers
  sliced('ZREM', K.timers, removed)
  sliced('SREM', w.key .. S.timers, removed)
  for _, member in ipairs(removed) do
    local latch = string.match(member, '^latch|.*~(%x+)$')
    if latch then redis.call('ZREM', K.latched .. latch, member) end
  end
end

-- Plans the timer of a step that waits for Python, or for a retry, without an open attempt.
local function set_step_timer(w, kind, field, activation, due)
  w.waiting = w.waiting + 1
  return set_timer(w, timer(kind, w, field, string.format('%d', activation)), due)
end
