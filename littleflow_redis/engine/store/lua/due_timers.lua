-- List the timers that are due by Redis' clock. The scripts that act on them remove them.
-- Returns {ms until the next one, -1 if there is none; members that are due...}.
-- count: timers at most.
--@keys timers
--@args count:number
-- It is called with each batch, so it includes nothing.
local clock = redis.call('TIME')
local time = clock[1] * 1000 + math.floor(clock[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', timers, '-inf', time, 'LIMIT', 0, count)
local wait = 0
if #due < count then
  local after = redis.call('ZRANGEBYSCORE', timers, '(' .. string.format('%.0f', time), '+inf',
    'WITHSCORES', 'LIMIT', 0, 1)
  wait = after[2] and tonumber(after[2]) - time or -1
end
table.insert(due, 1, wait)
return due
