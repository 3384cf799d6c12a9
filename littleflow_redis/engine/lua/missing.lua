-- Which of these entries are not in the stream?
-- KEYS  stream
-- ARGV  ids
-- Returns those that are missing
local gone = {}
for _, id in ipairs(ARGV) do
  if #redis.call('XRANGE', KEYS[1], id, id) == 0 then gone[#gone + 1] = id end
end
return gone
