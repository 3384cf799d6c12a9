-- The plan of one transition: what was read, and what is to be written. Nothing here writes, so a
-- script that raises while it plans has changed nothing.
--@include base counters

-- Indexes as text: numbers become text slowly, and every field is named many times.
local names = {}

-- Field of a step under a scope in :steps, and the end of its output key.
local function field_of(index, scope)
  if scope ~= '' then return index .. '@' .. scope end
  local name = names[index] or tostring(index)
  names[index] = name
  return name
end

local function index_and_scope(field)
  return tonumber(string.match(field, '^%d+')), string.match(field, '@(.+)$') or ''
end

-- The steps of the flows that this call has read: they never change, and many ends share a flow.
local flows = {}

local function statics_of(flow)
  flows[flow] = flows[flow] or {}
  return flows[flow]
end

-- `f`: flow, nonce, last, open, waiting, done, version, created, state, and whether an output has had
-- types. `fields` are more of the workflow's own, names and values; `kept` are inputs and outputs by
-- their names in :items, false for those to be removed; `types` are those of outputs that change, ''
-- for none. Of a `fresh` workflow nothing is stored yet.
local function new_plan(key, now, f)
  return {key = key, now = now, flow = K.flow .. f[1], nonce = f[2], last = tonumber(f[3]),
    open = tonumber(f[4]), waiting = tonumber(f[5]), done = tonumber(f[6]),
    version = tonumber(f[7]), created = f[8], state = f[9], before = f[9], typed = f[10],
    statics = statics_of(f[1]), fields = {}, steps = {}, tokens = {}, outputs = {}, arrived = {}, bytes = 0, fired = 0,
    changed = {}, had = {}, backs = {}, stored = {}, itemized = {}, unitemized = {}, dropped = {},
    erased = {}, kept = {}, forgotten = {}, given = {}, types = {}, emits = {}, handed = {}, closed = {},
    ready = {}, timers = {}, untimed = {}, trace = {}, counts = {}}
end

local function load_workflow(key, now)
  local f = redis.call('HMGET', key, 'flow', 'nonce', 'last', 'open', 'waiting', 'done',
    'version', 'created', 'state', 'typed')
  return f[1] and new_plan(key, now, f) or nil
end

-- Have one of the workflow's keys, named by its end, hold this text.
local function store(w, suffix, text)
  w.stored[#w.stored + 1] = w.key .. suffix
  w.stored[#w.stored + 1] = text
end

-- Read what firing these steps may need, in two calls at most however many they are.
local function prefetch(w, indexes, scope)
  local statics, fields = {}, {}
  for _, index in ipairs(indexes) do
    local field = field_of(index, scope)
    if not w.statics[index] then statics[#statics + 1] = index end
    if w.tokens[field] == nil then
      fields[#fields + 1] = field
      fields[#fields + 1] = 't' .. field
    end
  end
  each_value('HMGET', w.flow, statics, function(i, raw)
    w.statics[statics[i]] = cmsgpack.unpack(raw)
  end)
  local function take(i, raw)
    if i % 2 == 0 then
      w.tokens[fields[i - 1]] = tonumber(raw or 0)
      w.had[fields[i - 1]] = w.tokens[fields[i - 1]]
    else w.steps[fields[i]] = raw and cmsgpack.unpack(raw) or Step.UNTOUCHED
    end
  end
  if not w.fresh then return each_value('HMGET', w.key .. S.steps, fields, take) end
  for i = 1, #fields do take(i, false) end
end

local function static_of(w, index)
  if not w.statics[index] then
    local raw = redis.call('HGET', w.flow, index)
    w.statics[index] = raw and cmsgpack.unpack(raw)
  end
  return w.statics[index]
end

-- A step's record, to be changed in place; marked with the state that it had, so that it is written.
local function step_of(w, index, scope)
  local field = field_of(index, scope)
  if not w.steps[field] then prefetch(w, {index}, scope) end
  w.changed[field] = w.changed[field] or w.steps[field][Dynamic.STATE]
  return w.steps[field]
end

-- Tokens that came back from within (`→ :start`); few steps have such edges.
local function backs_of(w, field)
  if not w.backs[field] then
    w.backs[field] = tonumber(redis.call('HGET', w.key .. S.steps, 'b' .. field) or 0)
  end
  return w.backs[field]
end

-- Whether this is one item of an iterating step: its scope is deeper than the step lies.
local function is_item(static, scope)
  if static[Static.FLAGS] < Flag.ITERATE or scope == '' then return false end
  local _, dots = string.gsub(scope, '%.', '')
  return dots + 1 > static[Static.DEPTH]
end

local function trace(w, what, field, activation, attempt, detail)
  if COUNTED[what] and attempt > 0 then
    count_attempt(w, what, static_of(w, tonumber(string.match(field, '^%d+'))), attempt)
  end
  w.trace[#w.trace + 1] = cmsgpack.pack({w.now, what, field, activation, attempt, detail or ''})
end
