-- Move an event that cannot be processed to the dead letters.
-- KEYS  stream
-- ARGV  event id, group, reason, clock override or ''
-- Returns the dead letter's id, or false if the event is gone.
-- Race closed: copy, removal and acknowledgement are one; apart, it would be lost or kept twice.
--@include base
-- Bytes kept of one field, and letters kept.
local MAX_FIELD, MAX_LETTERS = 65536, 10000
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
local id = false
if entry then
  local fields = {'reason', ARGV[3], 'event', ARGV[1], 'at', clock(ARGV[4])}
  for i = 1, math.min(#entry[2], 200), 2 do
    fields[#fields + 1] = 'field:' .. string.sub(entry[2][i], 1, 1000)
    fields[#fields + 1] = string.sub(entry[2][i + 1], 1, MAX_FIELD)
  end
  id = redis.call('XADD', K.dead, 'MAXLEN', '~', MAX_LETTERS, '*', unpack(fields))
  redis.call('HINCRBY', K.counts, 'dead', 1)
end
redis.call('XACK', KEYS[1], ARGV[2], ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
return id
