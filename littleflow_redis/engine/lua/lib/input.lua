-- A step's input: its predecessors' outputs by ascending index; empty objects dropped; none gives
-- {}, one itself, several a list. JSON stays text: cjson would turn [] into {} and round numbers.

-- In a flow with loops a step may run again while what came of it is still to be read: the next round
-- does not wait for all of this one. So what an activation gets is kept from its firing, or from when
-- it has no room to fire, until it is over, and the latest output of a step while it runs again. Other
-- flows need neither, and keep only what a restart gives.

-- Bytes that one transition may gather.
local MAX_BYTES = 64 * 1024 * 1024

local function leads_back(w, from, to)
  for _, back in ipairs(static_of(w, to)[Static.BACK]) do
    if back == from then return true end
  end
  return false
end

-- What an attempt was handed out with, as its start-task says: that stays as long as it is open. nil if
-- there is none, for somebody deleted it or the attempt was handed over without one.
local function handed_input(event)
  local entry = event ~= '' and redis.call('XRANGE', K.stream, event, event)[1]
  for i = 1, entry and #entry[2] or 0, 2 do
    if entry[2][i] == 'input' then return entry[2][i + 1] end
  end
end

-- Whose outputs the next activation reads; -1 is the workflow's input. A round reads what came
-- back; any other firing of a start what came from outside.
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

-- Where the input of an activation is kept in :items.
local function input_name(static, field, activation)
  return static[Static.LOOPED] == 1 and string.format('i%s#%d', field, activation) or 'i' .. field
end

-- An input that was kept before its activation fired; false if none was.
local function kept_input(w, name)
  if w.kept[name] ~= nil then return w.kept[name] end
  return redis.call('HGET', w.key .. S.items, name)
end

-- Keep the output that a step has had, if any, as long as it runs again.
local function keep_output(w, field)
  local text = w.outputs[field] or redis.call('GET', w.key .. S.output .. field)
  if text and text ~= '{}' then w.kept['o' .. field] = text end
end

-- Returns the JSON text, or nil when this transition gathers more than MAX_BYTES.
local function gather(w, index, scope, round)
  local texts, keys, names, places, before = {}, {}, {}, {}, {}
  for i, source in ipairs(sources(w, index, round)) do
    local field = field_of(source, scope)
    texts[i] = w.outputs[field] or '{}'
    if not w.outputs[field] then
      keys[#keys + 1] = w.key .. S.output .. field
      names[#keys], places[#keys] = 'o' .. field, i
    end
  end
  if static_of(w, index)[Static.LOOPED] == 1 then
    each_value('HMGET', w.key .. S.items, names, function(i, text) before[i] = text end)
  end
  each_value('MGET', nil, keys, function(i, text) texts[places[i]] = before[i] or text or '{}' end)
  local parts = {}
  for _, text in ipairs(texts) do
    if text ~= '{}' then
      parts[#parts + 1] = text
      w.bytes = w.bytes + #text
    end
  end
  if w.bytes > MAX_BYTES then return nil end
  if #parts == 0 then return '{}' end
  if #parts == 1 then return parts[1] end
  return '[' .. table.concat(parts, ',') .. ']'
end
