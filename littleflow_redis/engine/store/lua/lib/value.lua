-- A value on its way is one text: its JSON and, behind MARK, the types that JSON lacks, see
-- engine/model/typed_values.py. Outputs are stored apart: the JSON under its public key, the types in
-- :types. No JSON text holds MARK.
--@include base plan
local MARK = '\31'

-- The JSON of a value, and its types; '' if JSON suffices.
local function parts_of(value)
  local at = string.find(value, MARK, 1, true)
  if not at then return value, '' end
  return string.sub(value, 1, at - 1), string.sub(value, at + 1)
end

local function with_types(text, types)
  return types and types ~= '' and text .. MARK .. types or text
end

-- A list of values, as one value.
local function list_of(values)
  local texts, types = {}, {}
  for i, value in ipairs(values) do
    local of
    texts[i], of = parts_of(value)
    if of ~= '' then types[#types + 1] = '"' .. i - 1 .. '":' .. of end
  end
  local text = '[' .. table.concat(texts, ',') .. ']'
  return #types == 0 and text or text .. MARK .. '{' .. table.concat(types, ',') .. '}'
end

-- Plans the step's output. In the first form it has no types, and null is {}.
local function store_output(w, field, value)
  local text, types = parts_of(value)
  if w.version < 2 then
    value, types = text == 'null' and '{}' or text, ''
    text = value
  end
  w.cache.outputs[field] = value
  store(w, S.output .. field, text)
  w.writes.types[field] = types
end

-- Plans the removal of the step's output.
local function drop_output(w, field, list)
  list[#list + 1] = w.key .. S.output .. field
  w.writes.types[field] = ''
end

-- Reads the stored outputs of these steps; calls take(position in list, value or false).
local function each_output(w, fields, take)
  local keys, types = {}, {}
  for i, field in ipairs(fields) do keys[i] = w.key .. S.output .. field end
  if w.typed then
    each_value('HMGET', w.key .. S.types, fields, function(i, found) types[i] = found end)
  end
  each_value('MGET', nil, keys, function(i, text)
    take(i, text and with_types(text, types[i]))
  end)
end

local function write_types(w)
  local sets, drops = {}, {}
  for field, types in pairs(w.writes.types) do
    if types ~= '' then sets[#sets + 1] = field; sets[#sets + 1] = types
    else drops[#drops + 1] = field end
  end
  sliced('HSET', w.key .. S.types, sets)
  if w.typed then sliced('HDEL', w.key .. S.types, drops) end
  if #sets > 0 then
    local fields = w.writes.fields
    fields[#fields + 1] = 'typed'
    fields[#fields + 1] = 1
  end
end
