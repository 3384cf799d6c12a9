-- Handing attempts to the caller itself, which runs tasks. They are emitted, claimed and recorded as held
-- in one, so they need no start-task.
-- `serving` is what the caller serves, by name.
-- consumer: the process that holds them.
-- categories: category → group.
-- room: how many more this call may hand to it.
--@include base defaults plan value

-- Attempts handed over by one call, and bytes of their inputs. The rest goes through the stream, where
-- other processes share it.
local MAX_HANDED, MAX_HANDED_BYTES = 1000, 4000000

local function serving_of(packed)
  if packed == '' then return nil end
  local given = cmsgpack.unpack(packed)
  return {consumer = given[1], categories = given[2], room = math.min(given[3], MAX_HANDED), bytes = 0,
    -- Consumer names and task ids need no escapes.
    detail = '{"worker":"' .. given[1] .. '","celery_id":"'}
end

-- The id of a task that its worker runs itself: a UUID of version 5, as model/celery_ids.py makes it.
local function task_uuid(key, index, token)
  local hex = redis.sha1hex(CeleryId.NAMESPACE .. key .. ':' .. index .. ':' .. token)
  local variant = tonumber(string.sub(hex, 17, 17), 16) % 4 + 1
  return string.sub(hex, 1, 8) .. '-' .. string.sub(hex, 9, 12) .. '-5' .. string.sub(hex, 14, 16) .. '-'
    .. string.sub('89ab', variant, variant) .. string.sub(hex, 18, 20) .. '-' .. string.sub(hex, 21, 32)
end

-- The options as a start-task has them: `$on-lost` too where it is the category's.
local function options_of(static, attempt)
  local own = static[Static.OPTIONS]
  if not attempt[AttemptRecord.ONCE] or (static[Static.ON_LOST] or OnLost.UNSET) ~= OnLost.UNSET then return own end
  return '{"$on-lost":"fail"' .. (own == '' and '}' or ',' .. string.sub(own, 2))
end

-- Claims an attempt for the caller, if it serves the category; false if not. With a queue's clock
-- (`clocked`) the stream is the queue: nothing is handed over.
local function hand_over(w, static, step, e, clocked)
  local serving = w.serving
  if not serving or clocked then return false end
  local category = category_of(static)
  local group, bytes = serving.categories[category], serving.bytes + #e.input
  if not group or serving.room < 1 or bytes > MAX_HANDED_BYTES then return false end
  serving.room, serving.bytes = serving.room - 1, bytes
  local attempt, handed = e.attempt, w.writes.handed
  attempt[AttemptRecord.OWNER], attempt[AttemptRecord.TAKES] = group, 1
  attempt[AttemptRecord.FLIGHT] = category
  if attempt[AttemptRecord.ONCE] then attempt[AttemptRecord.ONCE] = serving.consumer end
  attempt[AttemptRecord.TASK] = task_uuid(w.key, e.index, attempt[AttemptRecord.TOKEN])
  attempt[AttemptRecord.TAKEN], step[Dynamic.STATE], step[Dynamic.STARTED] = w.now, StepState.RUNNING, w.now
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
      w.serving.consumer, PublicationState.HELD, w.now})
  end
  for category, list in pairs(flights) do sliced('HSET', K.publications .. category, list) end
end

-- Adds to the reply each attempt's fields of a start-task, without those that all start-tasks share.
local function handed_of(w, into)
  for _, e in ipairs(w.writes.handed) do
    local static, input, types = static_of(w, e.index), parts_of(e.input)
    into[#into + 1] = {e.index, static[Static.NAME], static[Static.BASE], static[Static.PARAMETERS],
      input, e.attempt[AttemptRecord.TOKEN], options_of(static, e.attempt), types,
      w.version > 1 and 1 or 0, static[Static.BEGINS] or 0}
  end
  return into
end
