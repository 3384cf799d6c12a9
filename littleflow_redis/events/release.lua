-- Releases entries that their owner will not process: any consumer may claim them at once.
--
-- KEYS[1]  the stream
-- ARGV[1]  the consumer group
-- ARGV[2]  the consumer that holds them
-- ARGV[3…] entry ids
-- Returns  the number of released entries
-- Errors   NOGROUP if stream or group are gone
--
-- Race: another consumer may have claimed an entry meanwhile and is processing it; such an entry
-- is not touched.
local stream, group, consumer = KEYS[1], ARGV[1], ARGV[2]
-- A day: longer than any reader's claim_idle.
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
