-- Dead letters: copies of events that cannot be processed, each with the reason.

-- Limits: bytes of one field, fields of one event, dead letters kept.
local MAX_FIELD, MAX_FIELDS, MAX_LETTERS = 65536, 100, 10000

-- Writes a dead letter and returns its id. `ended`: the attempt of its start-task ends with it.
local function write_dead_letter(entry, reason, now, ended)
  local fields, cut = {}, #entry[2] > 2 * MAX_FIELDS
  for i = 1, math.min(#entry[2], 2 * MAX_FIELDS), 2 do
    local name, value = entry[2][i], entry[2][i + 1]
    cut = cut or #name > 1000 or #value > MAX_FIELD
    fields[#fields + 1] = 'field:' .. string.sub(name, 1, 1000)
    fields[#fields + 1] = string.sub(value, 1, MAX_FIELD)
  end
  redis.call('HINCRBY', K.counts, 'dead', 1)
  return redis.call('XADD', K.dead, 'MAXLEN', '~', MAX_LETTERS, '*', 'reason', reason,
    'event', entry[1], 'at', now, 'cut', cut and 1 or 0, 'ended', ended and 1 or 0, unpack(fields))
end
