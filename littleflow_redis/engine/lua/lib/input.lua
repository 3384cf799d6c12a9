-- A step's input: its predecessors' outputs by ascending index; empty objects dropped; none gives
-- {}, one itself, several a list. JSON stays text: cjson would turn [] into {} and round numbers.

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

-- Returns the JSON text, or nil when this transition gathers more than MAX_BYTES.
local function gather(w, index, scope, round)
  local texts, keys, places = {}, {}, {}
  for i, source in ipairs(sources(w, index, round)) do
    local field = field_of(source, scope)
    texts[i] = w.outputs[field] or '{}'
    if not w.outputs[field] then
      keys[#keys + 1] = w.key .. S.output .. field
      places[#keys] = i
    end
  end
  each_value('MGET', nil, keys, function(i, text) texts[places[i]] = text or '{}' end)
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
