-- A step's input: the output of its predecessor or, of several, the list of theirs by ascending index.
-- JSON stays text: cjson would turn [] into {} and round numbers.
--@include base plan value

-- In a flow with loops a step may run again before its output was read: rounds overlap. So an
-- activation's input is kept until the activation has ended, from its firing or from when it had no
-- room to fire. A step's latest output is kept while it runs again. Other flows need neither, and keep
-- only the input that a restart gives.

local function leads_back(w, from, to)
  for _, back in ipairs(static_of(w, to)[Static.BACK]) do
    if back == from then return true end
  end
  return false
end

-- The input of an attempt, read from its start-task, which stays while the attempt is open. nil if the
-- entry was deleted, or the attempt was handed over without one.
local function start_task_input(event)
  local entry = event ~= '' and redis.call('XRANGE', K.events, event, event)[1]
  local found = {}
  for i = 1, entry and #entry[2] or 0, 2 do found[entry[2][i]] = entry[2][i + 1] end
  return found.input and with_types(found.input, found.types)
end

-- The steps whose outputs the next activation reads; -1 is the workflow's input. A round reads the
-- sources of back edges; any other firing of a start reads the outer ones.
local function sources(w, index, round)
  if round then return static_of(w, index)[Static.BACK] end
  if index == 0 then return {-1} end
  local source = static_of(w, index)[Static.SOURCE]
  if source >= 0 then return {source} end
  local all, outer = cmsgpack.unpack(redis.call('HGET', w.flow, 'p' .. index)), {}
  if #static_of(w, index)[Static.BACK] == 0 then return all end
  for _, p in ipairs(all) do
    if not leads_back(w, p, index) then outer[#outer + 1] = p end
  end
  return outer
end

-- The name in :items under which an activation's input is kept.
local function input_name(static, field, activation)
  return static[Static.LOOPED] == 1 and string.format('i%s#%d', field, activation) or 'i' .. field
end

-- The input that was kept before its activation fired; false if there is none.
local function kept_input(w, name)
  local kept = w.writes.kept[name]
  if kept ~= nil then return kept end
  return redis.call('HGET', w.key .. S.items, name)
end

-- Keeps the step's output, if it has one, while the step runs again.
local function keep_output(w, field)
  local value = w.cache.outputs[field]
  if not value then each_output(w, {field}, function(_, found) value = found end) end
  if value and value ~= '{}' then w.writes.kept['o' .. field] = value end
end

-- The rule of runs of the first form: empty objects are dropped. No value gives {}, a single one itself.
local function without_empty(values)
  local kept = {}
  for _, value in ipairs(values) do
    if value ~= '{}' then kept[#kept + 1] = value end
  end
  return kept
end

-- Returns the input, or nil if this transition gathers more than Limit.GATHERED.
local function gather(w, index, scope, round)
  local values, fields, names, places, before = {}, {}, {}, {}, {}
  local outputs = w.cache.outputs
  for i, source in ipairs(sources(w, index, round)) do
    local field = field_of(source, scope)
    values[i] = outputs[field] or '{}'
    if not outputs[field] then
      fields[#fields + 1] = field
      names[#fields], places[#fields] = 'o' .. field, i
    end
  end
  if static_of(w, index)[Static.LOOPED] == 1 then
    each_value('HMGET', w.key .. S.items, names, function(i, value) before[i] = value end)
  end
  each_output(w, fields, function(i, value) values[places[i]] = before[i] or value or '{}' end)
  for _, value in ipairs(values) do w.gathered = w.gathered + #value end
  if w.gathered > Limit.GATHERED then return nil end
  if w.version < 2 then values = without_empty(values) end
  if #values < 2 then return values[1] or '{}' end
  return list_of(values)
end
