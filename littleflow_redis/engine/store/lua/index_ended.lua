-- Enter ended workflows of an older version into the index by their end.
-- Returns how many were entered.
-- Race closed: the script that writes the index reads state and end. A workflow that was restarted or
-- deleted since its id was read is left alone.
--@keys workflows...
local entered = 0
for _, key in ipairs(workflows) do
  local f = redis.call('HMGET', key, 'state', 'ended')
  local ended = tonumber(f[2] or 0)
  if ended > 0 then entered = entered + redis.call('ZADD', K.ended .. f[1], ended, key) end
end
return entered
