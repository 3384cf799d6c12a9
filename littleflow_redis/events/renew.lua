-- Resets the idle time of entries in process, for their present owner only.
--
-- KEYS[1]  the stream
-- ARGV[1]  the consumer group
-- ARGV[2]  the consumer that processes them
-- ARGV[3…] entry ids
-- Returns  the ids that this consumer still owns
-- Errors   NOGROUP if stream or group are gone
--
-- Race: a plain XCLAIM from a consumer that was slow to renew would take the entry back from the
-- one that claimed it meanwhile. Ownership is therefore read and renewed in one step.
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
local ours = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local pending = redis.pcall('XPENDING', stream, group, id, id, 1, consumer)
  if pending.err then
    return pending
  end
  if #pending > 0 then
    redis.call('XCLAIM', stream, group, consumer, 0, id, 'JUSTID')
    ours[#ours + 1] = id
  end
end
return ours
