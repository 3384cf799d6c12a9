-- Move an event that cannot be processed to the dead letters.
-- Returns the dead letter's id, or false if the event is gone.
-- Race closed: copy, removal and acknowledgement are one. Apart, the event would be lost or kept twice.
--@keys stream
--@args event group reason
--@include base dead_letter
local entry = redis.call('XRANGE', stream, event, event)[1]
local id = entry and write_dead_letter(entry, reason, clock())
redis.call('XACK', stream, group, event)
redis.call('XDEL', stream, event)
return id or false
