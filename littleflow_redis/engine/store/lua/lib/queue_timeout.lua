-- Queue timeouts: an attempt is lost only if its queue moves without it.
--@include queue

-- Longest time in ms between two probes of a queue that stands still.
local MAX_PROBE = 3600000

-- The verdict on an attempt that waits longer than `limit` (ms).
-- 'count': it is lost, because an attempt that was queued later has begun.
-- 'probe': none has begun for as long; nobody serves the queue, or it held this attempt alone.
-- 'hold': it waits until the second value, a time. An attempt that no broker has cannot be lost: the
-- stream's own are always held.
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

-- Records a probe. Writes at once.
local function write_probe(static, now)
  local begun = begun_of(static[Static.BASE])
  begun[Begun.PROBED], begun[Begun.PROBES] = now, begun[Begun.PROBES] + 1
  redis.call('HSET', K.begun, static[Static.BASE], cmsgpack.pack(begun))
end
