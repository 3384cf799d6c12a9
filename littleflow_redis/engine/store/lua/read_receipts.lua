-- Read new receipts: note the user events that they are for, and return the events to print.
-- Returns {entries read; per receipt: its fields, the target's fields or false}.
-- Reading here, not in Python, keeps the payload of all other events inside the server.
--@keys stream
--@args group consumer count:number
--@include mailbox

-- The id in a JSON text, nil if it can be none. Redis raises for numbers beyond 64 bits, and has read
-- the whole batch by then: 19 digits always fit.
local function id_of(text)
  local ms, sequence = string.match(text, '^"(%d+)%-(%d+)"$')
  if ms and #ms <= 19 and #sequence <= 19 then return ms .. '-' .. sequence end
end

local pages = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'NOACK',
  'STREAMS', stream, '>')
local found, entries = {}, pages and pages[1] and pages[1][2] or {}
for _, entry in ipairs(entries) do
  local kind, target = '', nil
  for j = 1, #entry[2], 2 do
    if entry[2][j] == 'kind' then kind = entry[2][j + 1] end
    if entry[2][j] == 'for' then target = id_of(entry[2][j + 1]) end
  end
  if kind == EventKind.RECEIPT and target then
    local event = redis.call('XRANGE', stream, target, target)[1]
    take_receipt(target, entry[1])
    found[#found + 1] = entry[2]
    found[#found + 1] = event and event[2] or false
  end
end
return {#entries, unpack(found, 1, math.min(#found, SLICE))}
