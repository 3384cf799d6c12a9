-- Acknowledge pending ids whose entry is gone; Redis 6.2 keeps them for ever.
-- KEYS  stream
-- ARGV  group, id to go on after, count
-- Returns {id to go on after, '' at the end; how many were acknowledged}
local rows = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], '+', ARGV[3])
local acked = 0
for _, row in ipairs(rows) do
  if #redis.call('XRANGE', KEYS[1], row[1], row[1]) == 0 then
    acked = acked + redis.call('XACK', KEYS[1], ARGV[1], row[1])
  end
end
return {#rows == tonumber(ARGV[3]) and '(' .. rows[#rows][1] or '', acked}
