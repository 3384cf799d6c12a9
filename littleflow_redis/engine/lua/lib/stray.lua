-- What the stream knows of an open attempt: '' if somebody has it or will get it.
-- 'missing': nobody took it, and its start-task is gone: an operator deleted the stream.
-- 'dropped': a group took it and has it no more among its pending entries, as after the deletion of the
-- stream, the group or the consumer. Its end may be under way, so it is worth a second look. What the
-- engine waits for, and what a bridge has published, is kept in the state.
local function stray(attempt, event)
  local owner = attempt[Attempt.OWNER] or ''
  if owner == '' then return #redis.call('XRANGE', K.stream, event, event) == 0 and 'missing' or '' end
  if owner == ENGINE then return '' end
  local flight = attempt[Attempt.TASK] ~= ''
    and redis.call('HGET', K.flight .. attempt[Attempt.FLIGHT], attempt[Attempt.TASK])
  if flight and cmsgpack.unpack(flight)[Flight.STATE] == 'published' then return '' end
  -- NOGROUP is an answer too: then nothing is pending.
  local pending = redis.pcall('XPENDING', K.stream, owner, event, event, 1)
  return (pending.err or #pending == 0) and 'dropped' or ''
end
