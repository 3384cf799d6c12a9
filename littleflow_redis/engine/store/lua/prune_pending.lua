-- Acknowledge pending ids whose entry is gone: Redis 6.2 keeps them for ever.
-- Returns {id to go on after, '' at the end; how many were acknowledged}.
-- position: the id to go on after.
--@keys stream
--@args group position count:number
local rows = redis.call('XPENDING', stream, group, position, '+', count)
local acked = 0
for _, row in ipairs(rows) do
  if #redis.call('XRANGE', stream, row[1], row[1]) == 0 then
    acked = acked + redis.call('XACK', stream, group, row[1])
  end
end
return {#rows == count and '(' .. rows[#rows][1] or '', acked}
