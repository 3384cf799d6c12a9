-- Move an event that cannot be processed to the dead letters.
-- KEYS  stream
-- ARGV  event id, group, reason, clock override or ''
-- Returns the dead letter's id, or false if the event is gone.
-- Race closed: copy, removal and acknowledgement are one; apart, it would be lost or kept twice.
--@include base letter
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
local id = entry and write_letter(entry, ARGV[3], clock(ARGV[4]))
redis.call('XACK', KEYS[1], ARGV[2], ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
return id or false
