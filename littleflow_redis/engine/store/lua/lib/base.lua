-- The base of every script: sliced calls, Redis' clock, ids in order.

-- Owner of an attempt that the engine itself runs: a wait.
local ENGINE = '(engine)'

-- `unpack` fails near 8,000 values. The number is even, so that field-value pairs stay together.
local SLICE = 4000

-- redis.call(command, [key,] list...) in slices.
local function sliced(command, key, list)
  for from = 1, #list, SLICE do
    local to = math.min(from + SLICE - 1, #list)
    if key then redis.call(command, key, unpack(list, from, to))
    else redis.call(command, unpack(list, from, to)) end
  end
end

-- HMGET or MGET in slices; calls take(position in list, value or false).
local function each_value(command, key, list, take)
  for from = 1, #list, SLICE do
    local to = math.min(from + SLICE - 1, #list)
    local values = key and redis.call(command, key, unpack(list, from, to))
      or redis.call(command, unpack(list, from, to))
    for i = 1, #values do take(from + i - 1, values[i]) end
  end
end

-- Read once per call.
local read_at

-- Milliseconds since 1970: Redis' own clock.
local function clock()
  if not read_at then
    local time = redis.call('TIME')
    read_at = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return read_at
end

-- The mark of a workflow in the indexes of events. A match is confirmed by the whole id.
local function mark_of(workflow)
  return workflow == '' and '' or string.sub(redis.sha1hex(workflow), 1, 10)
end

-- Entries kept of the live feed.
local MAX_CHANGES = 10000

-- Publishes a workflow's state and its changes, packed as in the trace, to the live feed.
local function feed(key, state, changes)
  redis.call('XADD', K.changes, 'MAXLEN', '~', MAX_CHANGES, '*', 'workflow', key, 'state', state,
    'changes', changes)
end

-- The step's open attempt with this token; nil if there is none.
local function open_attempt(step, token)
  for _, attempt in ipairs(step and step[Dynamic.OPEN] or {}) do
    if attempt[AttemptRecord.TOKEN] == token then return attempt end
  end
end

-- The record of an attempt's task at a broker or in a worker; nil if there is none.
local function publication_of(attempt)
  local raw = (attempt[AttemptRecord.TASK] or '') ~= ''
    and redis.call('HGET', K.publications .. attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK])
  return raw and cmsgpack.unpack(raw) or nil
end

-- A member of the timers. `rest` is an activation or a token.
local function timer_member(kind, key, field, rest)
  return kind .. '|' .. key .. '|' .. field .. '|' .. rest
end

-- The scope in a token, `<activation>.<attempt>[.<item>...]-<nonce>`; '' for none. Its counterpart in
-- Python is engine/model/tokens.py.
local function scope_of(token)
  return string.match(token, '^%d+%.%d+%.([%d.]+)%-') or ''
end

-- The field of the step to which the token's attempt belongs.
local function field_by_token(index, token)
  local scope = scope_of(token)
  return scope == '' and index or index .. '@' .. scope
end

-- States of a step that needs no more work.
local DONE = {}
for _, state in ipairs(StepState.DONE) do DONE[state] = true end

-- Whether stream id a was given before b.
local function earlier(a, b)
  local ams, aseq = string.match(a, '^(%d+)-(%d+)$')
  local bms, bseq = string.match(b, '^(%d+)-(%d+)$')
  ams, bms = tonumber(ams), tonumber(bms)
  return ams < bms or (ams == bms and tonumber(aseq) < tonumber(bseq))
end
