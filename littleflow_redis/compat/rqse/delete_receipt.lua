-- Deletes a receipt and the entry it is for, once every group has read and acknowledged both.
--
-- KEYS[1]  the stream
-- ARGV[1]  the consumer group of receipts: its own part in this is done
-- ARGV[2]  the receipt's id
-- ARGV[3]  the id of the entry it is for, if any; both as <digits>-<digits>, at most 19 each
-- Returns  1 if they are gone and the receipt is acknowledged, 0 if some group still needs one
--
-- Race: a receipt says that one listener took the entry up, not that all have. Between a look at
-- the groups and a deletion another group could be made at 0 or take the entry up; here it cannot.
local stream, receipts = KEYS[1], ARGV[1]

local function parts(id)
  local ms, sequence = string.match(id, '^(%d+)%-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end

local function is_after(id, last)
  local ms, sequence = parts(id)
  local last_ms, last_sequence = parts(last)
  return ms > last_ms or (ms == last_ms and sequence > last_sequence)
end

local receipt, target = ARGV[2], ARGV[3]
local ids = { receipt }
-- A receipt can name anything: what comes after the receipt itself is not what it is for.
if target and not is_after(target, receipt) then
  ids[2] = target
end

for _, row in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local group = {}
  for i = 1, #row, 2 do
    group[row[i]] = row[i + 1]
  end
  if group.name ~= receipts then
    for _, id in ipairs(ids) do
      if is_after(id, group['last-delivered-id'])
        or #redis.call('XPENDING', stream, group.name, id, id, 1) > 0 then
        return 0
      end
    end
  end
end

redis.call('XACK', stream, receipts, receipt)
redis.call('XDEL', stream, unpack(ids))
return 1
