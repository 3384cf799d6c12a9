-- Which timers are due, by Redis' clock; they are removed by the scripts that act on them.
-- Returns {ms until the next one, -1 if there is none; members that are due...}
--@keys timers
--@args count:number
--@include base
local time = clock()
local due = redis.call('ZRANGEBYSCORE', timers, '-inf', time, 'LIMIT', 0, count)
local wait = 0
if #due < count then
  local after = redis.call('ZRANGEBYSCORE', timers, '(' .. string.format('%.0f', time), '+inf',
    'WITHSCORES', 'LIMIT', 0, 1)
  wait = after[2] and tonumber(after[2]) - time or -1
end
table.insert(due, 1, wait)
return due
