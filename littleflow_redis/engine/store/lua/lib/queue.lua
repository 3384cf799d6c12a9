-- Queues of attempts: since when each waits, and whether its queue moves.

-- Milliseconds for which the last start of a base is known: far more than any attempt waits there
-- without being looked at.
local BEGUN_KEPT = 7 * 86400000

-- The time when the attempt came into its queue. A bridge's attempt does so when it is published; false
-- before that.
local function in_queue_since(attempt)
  local flight = publication_of(attempt)
  if not flight then return attempt[AttemptRecord.QUEUED] end
  return flight[PublicationRecord.STATE] == PublicationState.PUBLISHED and flight[PublicationRecord.SINCE]
end

-- The starts known of attempts of this base (JSON text).
local function begun_of(base)
  local raw = redis.call('HGET', K.begun, base)
  return raw and cmsgpack.unpack(raw) or {0, 0, 0, 0}
end

-- An attempt of this base was started. Writes at once.
local function write_begun(base, attempt, now)
  local since = in_queue_since(attempt) or attempt[AttemptRecord.QUEUED]
  local frontier = math.max(begun_of(base)[Begun.FRONTIER], since)
  redis.call('HSET', K.begun, base, cmsgpack.pack({frontier, now, 0, 0}))
end

local function forget_begun(now)
  local all = redis.call('HGETALL', K.begun)
  for i = 1, #all, 2 do
    local begun = cmsgpack.unpack(all[i + 1])
    if math.max(begun[Begun.LAST], begun[Begun.PROBED]) < now - BEGUN_KEPT then
      redis.call('HDEL', K.begun, all[i])
    end
  end
end
