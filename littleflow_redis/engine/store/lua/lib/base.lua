-- What every script needs: sliced calls, Redis' clock, ids in order.

-- Owner of an attempt that the engine itself runs: a wait.
local ENGINE = '(engine)'

-- `unpack` fails near 8,000 values; even, so that field-value pairs stay together.
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

-- Asked once per call.
local told

-- Milliseconds since 1970: Redis' own clock.
local function clock()
  if not told then
    local time = redis.call('TIME')
    told = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return told
end

-- What stands for a workflow in the indexes of events; who looks there compares the whole id.
local function mark_of(workflow)
  return workflow == '' and '' or string.sub(redis.sha1hex(workflow), 1, 10)
end

-- Entries kept of the live feed.
local MAX_CHANGES = 10000

-- Tell whoever watches: what a workflow's state is now, and its changes as they stand in the trace.
local function feed(key, state, changes)
  redis.call('XADD', K.changes, 'MAXLEN', '~', MAX_CHANGES, '*', 'workflow', key, 'state', state,
    'changes', changes)
end

-- A member of the timers; `rest` is an activation or a token.
local function timer_member(kind, key, field, rest)
  return kind .. '|' .. key .. '|' .. field .. '|' .. rest
end

-- The scope in a token, `<activation>.<attempt>[.<item>...]-<nonce>`; '' for none. Python's side is
-- engine/model/tokens.py.
local function scope_of(token)
  return string.match(token, '^%d+%.%d+%.([%d.]+)%-') or ''
end

-- The field of the step that the token's attempt is of.
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
