-- Return how many tasks of a category may be published now.
-- Returns {how many, ms until it is worth asking again}.
-- Race closed: the rate belongs to the category, whoever publishes. Reading its clock and moving it are
-- one. Publications in flight are counted, not reserved: bridges that ask at the same moment may exceed
-- the limit by the tasks that each of them holds.
-- wanted: tasks to publish.
-- most: tasks that may be in flight, 0 for no limit.
-- interval: microseconds between two tasks, 0 for no rate.
-- burst: tasks that a rate lets go together.
--@args category wanted:number most:number interval:number burst:number
-- Milliseconds until there may be room again: some tasks end meanwhile.
local FULL = 100
if most > 0 then
  wanted = math.min(wanted, most - redis.call('HLEN', K.publications .. category))
  if wanted <= 0 then return {0, FULL} end
end
if interval == 0 then return {wanted, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
-- The time at which the next task may go, if those before it keep their distance.
local next = math.max(tonumber(redis.call('GET', K.rate .. category) or 0), now)
if next > now then return {0, math.ceil((next - now) / 1000)} end
wanted = math.min(wanted, burst)
next = next + wanted * interval
redis.call('SET', K.rate .. category, string.format('%.0f', next), 'PX',
  math.ceil((next - now) / 1000) + 1000)
return {wanted, 0}
