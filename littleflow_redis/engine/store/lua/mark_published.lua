-- Mark the publications of these tasks as published, and acknowledge their start-tasks.
-- Returns how many publications were marked.
-- Race closed: mark and acknowledgement are one. Marked alone, a redelivered entry would wait for ever
-- as published. Acknowledged alone, a bridge that dies would leave it recorded and unpublished. A
-- publication that is gone (its attempt was closed meanwhile) is not made anew.
-- publications: a task's id, its event's id or '', and the text that says which results end it or '', in
-- turn.
--@keys stream
--@args group category publications...
--@include base
local flights, now, marked = K.publications .. category, clock(), 0
for i = 1, #publications, 3 do
  local task, event, follows = publications[i], publications[i + 1], publications[i + 2]
  local raw = redis.call('HGET', flights, task)
  if raw then
    local flight = cmsgpack.unpack(raw)
    flight[PublicationRecord.STATE], flight[PublicationRecord.SINCE] = PublicationState.PUBLISHED, now
    if follows ~= '' then flight[PublicationRecord.FOLLOWS] = follows end
    redis.call('HSET', flights, task, cmsgpack.pack(flight))
    marked = marked + 1
  end
  if event ~= '' then redis.call('XACK', stream, group, event) end
end
return marked
