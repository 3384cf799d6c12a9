-- Deletes a consumer that has nothing pending.
--
-- KEYS[1]  the stream
-- ARGV[1]  the consumer group
-- ARGV[2]  the consumer
-- Returns  1 if it is gone, 0 if it stays because entries are pending under its name
-- Errors   NOGROUP if stream or group are gone
--
-- Race: deleting a consumer also deletes its pending entries, and nobody would read them again. A
-- read whose connection broke may add pending entries at any moment before this.
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if pending.err then
  return pending
end
if #pending > 0 then
  return 0
end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
