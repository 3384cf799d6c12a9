-- A bridge published these tasks: mark their flights and acknowledge their start-tasks.
-- KEYS  stream
-- ARGV  group, flight category, clock override or '', then of each: task id, event id or '', what it
--       follows or ''
-- Returns how many flights were marked.
-- Race closed: mark and acknowledgement are one. Marked alone, a redelivered entry would wait for
-- ever as published; acknowledged alone, a bridge that dies would leave it recorded and unpublished.
-- A flight that is gone (its attempt was closed meanwhile) is not made anew.
--@include base
local flights, now, marked = K.flight .. ARGV[2], clock(ARGV[3]), 0
for i = 4, #ARGV, 3 do
  local raw = redis.call('HGET', flights, ARGV[i])
  if raw then
    local flight = cmsgpack.unpack(raw)
    flight[PublicationRecord.STATE], flight[PublicationRecord.SINCE] = 'published', now
    if ARGV[i + 2] ~= '' then flight[PublicationRecord.FOLLOWS] = ARGV[i + 2] end
    redis.call('HSET', flights, ARGV[i], cmsgpack.pack(flight))
    marked = marked + 1
  end
  if ARGV[i + 1] ~= '' then redis.call('XACK', KEYS[1], ARGV[1], ARGV[i + 1]) end
end
return marked
