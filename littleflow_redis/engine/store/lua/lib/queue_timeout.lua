-- A queue timeout says that an attempt was lost only if its queue moves without it.
--@include queue

-- Longest time in ms between two probes of a queue that stands still.
local MAX_PROBE = 3600000

-- What to do about an attempt that waits longer than `limit` (ms): 'count' it as lost, for one that
-- came into the queue later has begun; 'probe', for none has begun for as long, be it that nobody
-- serves them or that this one alone was waited for; or 'hold' it until the time that follows.
-- Until it is with a broker it cannot be lost: what stands in the stream alone is always held.
local function judge_queue(static, attempt, limit, now)
  local since = in_queue_since(attempt)
  if not since then return 'hold', now + limit end
  if attempt[AttemptRecord.TASK] ~= '' and since + limit > now then return 'hold', since + limit end
  local begun = begun_of(static[Static.BASE])
  if begun[Begun.FRONTIER] > since then return 'count' end
  if attempt[AttemptRecord.OWNER] == '' or begun[Begun.LAST] + limit > now then
    return 'hold', now + limit
  end
  local pause = math.max(limit, math.min(limit * 2 ^ begun[Begun.PROBES], MAX_PROBE))
  if begun[Begun.PROBES] > 0 and begun[Begun.PROBED] + pause > now then return 'hold', now + limit end
  return 'probe'
end

-- Remember a probe. Writes at once.
local function write_probe(static, now)
  local begun = begun_of(static[Static.BASE])
  begun[Begun.PROBED], begun[Begun.PROBES] = now, begun[Begun.PROBES] + 1
  redis.call('HSET', K.begun, static[Static.BASE], cmsgpack.pack(begun))
end
