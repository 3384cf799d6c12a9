-- Give a start-task up: a dead letter, and the end of its attempt.
-- KEYS  stream
-- ARGV  event id, group, reason, clock override or '', then the end-task's fields and values
-- Returns the dead letter's id, or false if somebody else has acknowledged the event.
-- Race closed: letter, end and acknowledgement are one. The acknowledgement is the permission: of two
-- that give the same event up, or one whose reply was lost, only the first writes.
--@include base letter
if redis.call('XACK', KEYS[1], ARGV[2], ARGV[1]) == 0 then return false end
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1] or {ARGV[1], {}}
local id = write_letter(entry, ARGV[3], clock(ARGV[4]), true)
redis.call('XADD', KEYS[1], '*', unpack(ARGV, 5))
return id
