-- The plan of one transition: what was read, and what is to be written. Nothing here writes, so a
-- script that raises while it plans has changed nothing.
--@include base counters

-- Indexes as text: the conversion is slow, and each field is named many times.
local names = {}

-- The field of a step under a scope in :steps, which is also the end of its output key.
local function field_of(index, scope)
  if scope ~= '' then return index .. '@' .. scope end
  local name = names[index] or tostring(index)
  names[index] = name
  return name
end

local function index_and_scope(field)
  return tonumber(string.match(field, '^%d+')), string.match(field, '@(.+)$') or ''
end

-- The steps of the flows that this call has read. They never change, and many ends share a flow.
local flows = {}

local function statics_of(flow)
  flows[flow] = flows[flow] or {}
  return flows[flow]
end

-- The working table `w` of one transition, and each of its fields: the type, then the meaning. `f` has
-- the values of `load_workflow`. A local that holds a part has the part's name: `cache`, `writes`.
local function new_plan(key, now, f)
  return {
    -- The workflow as it was loaded. Its state and numbers change in place.
    key = key, -- string: the workflow's id, which is the key of its hash
    flow = K.flow .. f[1], -- string: the key of its flow
    nonce = f[2], -- string: the end of new tokens; a restart replaces it
    last = tonumber(f[3]), -- number: index of the flow's end
    open = tonumber(f[4]), -- number: open attempts
    waiting = tonumber(f[5]), -- number: steps that wait for Python or for a retry
    done = tonumber(f[6]), -- number: steps that need no more work
    version = tonumber(f[7]), -- number: the form of its run
    created = f[8], -- number or string: when it was started, in ms
    state = f[9], -- string: its state, the new one once it has changed
    before = f[9], -- string: the state that is stored, '' if none is
    reason = nil, -- string or nil: why it is in its new state, for people
    typed = f[10], -- string or false: set if one of its outputs has had types
    fresh = false, -- boolean: nothing of it is stored yet
    restarted = false, -- boolean: this transition is a restart

    -- The transition: its arguments and its progress.
    now = now, -- number: its time, in ms
    serving = nil, -- table or nil: what the caller serves, see lib/handing.lua
    answered = nil, -- table or nil: the attempt that is closed by its own end
    given = {}, -- map: field to the input that a restart gives this step
    arrived = {}, -- list: {index, scope} of each step that may fire, as `settle` shall look at them
    ready = {}, -- list: timers of steps that are ready, for the report
    gathered = 0, -- number: bytes of the inputs gathered, see Limits
    fired = 0, -- number: firings, see Limits

    -- Values that are read once. Records and counts change in place; `writes` says which are stored.
    cache = {
      statics = statics_of(f[1]), -- map: index to the step's entry in the flow
      steps = {}, -- map: field to the step's record
      tokens = {}, -- map: field to the number of its tokens
      tokens_before = {}, -- map: field to the number of tokens that is stored
      backs = {}, -- map: field to the number of tokens that came back from within
      outputs = {}, -- map: field to the output, as one text with its types
    },

    -- The writes of `commit`, beside the state and numbers above.
    writes = {
      changed = {}, -- map: field of each record to write, to the state that is stored
      removed_steps = {}, -- list: names in :steps to remove; `restart` does it after the commit
      texts = {}, -- list: keys and texts, in turn
      unlinked_before = {}, -- list: keys to remove before the texts are set
      unlinked_after = {}, -- list: keys to remove after the texts are set
      types = {}, -- map: field to the types of its new output, '' for none
      items = {}, -- list: names in :items and texts, in turn
      removed_items = {}, -- list: names in :items to remove
      kept = {}, -- map: name in :items to an input or output that is kept, false to remove it
      start_tasks = {}, -- list: {index, field, attempt, input} by name, one for each start-task
      handed = {}, -- list: the same for each attempt that is handed over
      closed = {}, -- list: attempts that were closed
      timers = {}, -- list: times in ms and members, in turn
      removed_timers = {}, -- list: members to remove
      trace = {}, -- list: packed entries of the trace
      fields = {}, -- list: names and values of the workflow's hash, in turn
      counts = {}, -- map: counter to what is added to it
    },
  }
end

local function load_workflow(key, now)
  local f = redis.call('HMGET', key, 'flow', 'nonce', 'last', 'open', 'waiting', 'done',
    'version', 'created', 'state', 'typed')
  return f[1] and new_plan(key, now, f) or nil
end

-- Plans the text of one of the workflow's keys; `suffix` is the end of its name.
local function store(w, suffix, text)
  local texts = w.writes.texts
  texts[#texts + 1] = w.key .. suffix
  texts[#texts + 1] = text
end

-- Reads all that firing these steps may need, with two calls at most.
local function prefetch(w, indexes, scope)
  local cache, unknown, fields = w.cache, {}, {}
  local statics, steps, tokens = cache.statics, cache.steps, cache.tokens
  for _, index in ipairs(indexes) do
    local field = field_of(index, scope)
    if not statics[index] then unknown[#unknown + 1] = index end
    if tokens[field] == nil then
      fields[#fields + 1] = field
      fields[#fields + 1] = 't' .. field
    end
  end
  each_value('HMGET', w.flow, unknown, function(i, raw)
    statics[unknown[i]] = cmsgpack.unpack(raw)
  end)
  local function take(i, raw)
    if i % 2 == 0 then
      local count = tonumber(raw or 0)
      tokens[fields[i - 1]], cache.tokens_before[fields[i - 1]] = count, count
    else steps[fields[i]] = raw and cmsgpack.unpack(raw) or Step.UNTOUCHED
    end
  end
  if not w.fresh then return each_value('HMGET', w.key .. S.steps, fields, take) end
  for i = 1, #fields do take(i, false) end
end

local function static_of(w, index)
  local statics = w.cache.statics
  if not statics[index] then
    local raw = redis.call('HGET', w.flow, index)
    statics[index] = raw and cmsgpack.unpack(raw)
  end
  return statics[index]
end

-- Returns the step's record for in-place changes and marks it dirty.
local function step_of(w, index, scope)
  local field, steps, changed = field_of(index, scope), w.cache.steps, w.writes.changed
  if not steps[field] then prefetch(w, {index}, scope) end
  local step = steps[field]
  changed[field] = changed[field] or step[Dynamic.STATE]
  return step
end

-- The tokens that came back from within (`→ :start`). Few steps have such edges.
local function backs_of(w, field)
  local backs = w.cache.backs
  if not backs[field] then
    backs[field] = tonumber(redis.call('HGET', w.key .. S.steps, 'b' .. field) or 0)
  end
  return backs[field]
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
  local entries = w.writes.trace
  entries[#entries + 1] = cmsgpack.pack({w.now, what, field, activation, attempt, detail or ''})
end
