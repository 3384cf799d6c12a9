-- Which timers are due, by Redis' clock; they are removed by the scripts that act on them.
-- KEYS  timers
-- ARGV  count, clock override or ''
-- Returns {ms until the next one, -1 if there is none; members that are due...}
local time = ARGV[2] ~= '' and tonumber(ARGV[2])
if not time then
  local t = redis.call('TIME')
  time = t[1] * 1000 + math.floor(t[2] / 1000)
end
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', time, 'LIMIT', 0, ARGV[1])
local wait = 0
if #due < tonumber(ARGV[1]) then
  local after = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', time), '+inf',
    'WITHSCORES', 'LIMIT', 0, 1)
  wait = after[2] and tonumber(after[2]) - time or -1
end
table.insert(due, 1, wait)
return due
