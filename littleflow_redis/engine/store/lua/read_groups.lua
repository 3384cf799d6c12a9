-- Read the stream for monitoring: its groups, and since when the oldest task waits.
-- Returns {entries; time (ms) of the oldest start-task not yet started among those looked at, 0 if
-- there is none; then for each group name, consumers, pending, entries that it has not read}.
-- Redis' own lag is unknown as soon as an entry was deleted, and here every entry is, one day.
-- most: unread entries that are counted.
-- looked_at: entries searched for the oldest task.
--@keys stream
--@args most:number looked_at:number
--@include groups
if redis.call('EXISTS', stream) == 0 then return {0, 0} end
local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]

local function is_waiting(id)
  local address = redis.call('HGET', K.open_attempts, id)
  local workflow, field, token = string.match(address or '', '^([^|]+)|([^|]+)|(.+)$')
  local raw = workflow and redis.call('HGET', workflow .. S.steps, field)
  for _, attempt in ipairs(raw and cmsgpack.unpack(raw)[Dynamic.OPEN] or {}) do
    if attempt[AttemptRecord.TOKEN] == token then return attempt[AttemptRecord.TAKEN] == 0 end
  end
  return false
end

local function oldest()
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', looked_at)) do
    if is_waiting(entry[1]) then return tonumber(string.match(entry[1], '^%d+')) end
  end
  return 0
end

local found = {redis.call('XLEN', stream), oldest()}
for _, group in ipairs(groups_of_stream()) do
  local lag = 0
  if newest and newest[1] ~= group.read then
    lag = #redis.call('XRANGE', stream, '(' .. group.read, '+', 'COUNT', most)
  end
  for _, value in ipairs({group.name, group.consumers, group.pending, lag}) do
    found[#found + 1] = value
  end
end
return found
