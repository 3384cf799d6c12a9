-- Hands back entries that their owner will not work on: anyone may claim them at once.
--
-- KEYS[1]  the stream
-- ARGV[1]  the consumer group
-- ARGV[2]  the consumer that holds them
-- ARGV[3…] entry ids
-- Returns  how many were handed back
-- Errors   NOGROUP if stream or group are gone
--
-- Race: an entry that another consumer has claimed meanwhile is being worked on there, and stays
-- untouched.
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
-- A day: more than any reader waits before it claims.
local idle = 86400000
local released = 0
for i = 3, #ARGV do
  local id = ARGV[i]
  local pending = redis.pcall('XPENDING', stream, group, id, id, 1, consumer)
  if pending.err then
    return pending
  end
  if #pending > 0 then
    redis.call('XCLAIM', stream, group, consumer, 0, id, 'IDLE', idle, 'JUSTID')
    released = released + 1
  end
end
return released
