-- Give up a start-task: write a dead letter and the end of its attempt.
-- Returns the dead letter's id, or false if another caller has acknowledged the event.
-- Race closed: letter, end and acknowledgement are one. The acknowledgement is the permission: of two
-- callers that give up the same event, or of a call and its repetition, only the first writes.
-- end_task: fields and values of the end-task.
--@keys stream
--@args event group reason end_task...
--@include base dead_letter
if redis.call('XACK', stream, group, event) == 0 then return false end
local entry = redis.call('XRANGE', stream, event, event)[1] or {event, {}}
local id = write_dead_letter(entry, reason, clock(), true)
redis.call('XADD', stream, '*', unpack(end_task))
return id
