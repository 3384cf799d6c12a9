-- Handing attempts to the caller itself. They are emitted, claimed and recorded as publications in one,
-- so they need no start-task.
-- `serving` is what the caller serves, by name.
-- consumer: its name in the consumer group.
-- categories: category → (group, id prefix).
-- queued: workers report STARTED; otherwise hand-over counts as the start.
-- most: publications of a category that may be in flight, 0 for any number.
-- room_left: of a worker that runs tasks itself, how many more this call may hand to it.
--@include base defaults plan value

-- Attempts handed over by one call, and bytes of their inputs. The rest goes through the stream, where
-- other processes share it.
local MAX_HANDED, MAX_HANDED_BYTES = 1000, 4000000

local function serving_of(packed)
  if not packed or packed == '' then return nil end
  local given = cmsgpack.unpack(packed)
  return {consumer = given[1], categories = given[2], queued = given[3], most = given[4],
    room_left = given[5],
    -- Consumer names and task ids need no escapes.
    detail = '{"worker":"' .. given[1] .. '","celery_id":"', count = 0, bytes = 0, room = {}}
end

-- A part of a task's id, as bridges/calls/task_ids.py makes it.
local function part_of(text)
  if #text <= CeleryId.LONGEST then return text end
  return string.sub(text, 1, CeleryId.LONGEST - CeleryId.DIGEST - 1) .. '~'
    .. string.sub(redis.sha1hex(text), 1, CeleryId.DIGEST)
end

-- The id of a task that its worker runs itself: a UUID of version 5, as model/celery_ids.py makes it.
local function task_uuid(key, index, token)
  local hex = redis.sha1hex(CeleryId.NAMESPACE .. key .. ':' .. index .. ':' .. token)
  local variant = tonumber(string.sub(hex, 17, 17), 16) % 4 + 1
  return string.sub(hex, 1, 8) .. '-' .. string.sub(hex, 9, 12) .. '-5' .. string.sub(hex, 14, 16) .. '-'
    .. string.sub('89ab', variant, variant) .. string.sub(hex, 18, 20) .. '-' .. string.sub(hex, 21, 32)
end

-- Whether one more of this category may be in flight.
local function has_room_for(serving, category)
  if serving.room_left then
    serving.room_left = serving.room_left - 1
    return serving.room_left >= 0
  end
  if serving.most == 0 then return true end
  local room = serving.room[category] or serving.most - redis.call('HLEN', K.publications .. category)
  serving.room[category] = room - 1
  return room > 0
end

-- Claims an attempt for the caller, if it serves the category; false if not. With a queue's clock
-- (`clocked`) and no report of the start, the stream is the queue: nothing is handed over.
local function hand_over(w, static, step, e, clocked)
  local serving = w.serving
  if not serving or clocked and not serving.queued then return false end
  local category = category_of(static)
  local served = serving.categories[category]
  if not served then return false end
  local count, bytes = serving.count + 1, serving.bytes + #e.input
  if count > MAX_HANDED or bytes > MAX_HANDED_BYTES or not has_room_for(serving, category) then
    return false
  end
  serving.count, serving.bytes = count, bytes
  local attempt, cache, handed = e.attempt, w.cache, w.writes.handed
  attempt[AttemptRecord.OWNER], attempt[AttemptRecord.TAKES] = served[1], 1
  attempt[AttemptRecord.FLIGHT] = category
  if serving.room_left then
    attempt[AttemptRecord.TASK] = task_uuid(w.key, e.index, attempt[AttemptRecord.TOKEN])
  else
    cache.id_part = cache.id_part or part_of(string.match(w.key, '[^:]*$'))
    attempt[AttemptRecord.TASK] = served[2] .. cache.id_part .. ':' .. e.index .. ':'
      .. part_of(attempt[AttemptRecord.TOKEN])
  end
  if not serving.queued then
    attempt[AttemptRecord.TAKEN], step[Dynamic.STATE], step[Dynamic.STARTED] = w.now, StepState.RUNNING, w.now
  end
  handed[#handed + 1] = e
  return true
end

local function write_handed(w)
  local flights = {}
  for _, e in ipairs(w.writes.handed) do
    local attempt = e.attempt
    local list = flights[attempt[AttemptRecord.FLIGHT]] or {}
    flights[attempt[AttemptRecord.FLIGHT]] = list
    list[#list + 1] = attempt[AttemptRecord.TASK]
    list[#list + 1] = cmsgpack.pack({w.key, e.field, attempt[AttemptRecord.TOKEN], '',
      w.serving.consumer, w.serving.room_left and PublicationState.HELD or PublicationState.RECORDED, w.now})
  end
  for category, list in pairs(flights) do sliced('HSET', K.publications .. category, list) end
end

-- Adds to the reply each attempt's fields of a start-task, without those that all start-tasks share.
local function handed_of(w, into)
  for _, e in ipairs(w.writes.handed) do
    local static, input, types = static_of(w, e.index), parts_of(e.input)
    into[#into + 1] = {e.index, static[Static.NAME], static[Static.BASE], static[Static.PARAMETERS],
      input, e.attempt[AttemptRecord.TOKEN], static[Static.OPTIONS], types,
      w.version > 1 and 1 or 0, static[Static.BEGINS] or 0}
  end
  return into
end
