-- The state of an open attempt, as the stream shows it: '' if a consumer has it or will get it.
-- 'missing': nobody claimed it and its start-task is gone, because an operator deleted the stream.
-- 'dropped': a group claimed it, or read it and was about to, and no longer has it among its pending
-- entries. That follows a deletion of the stream, the group or the consumer. Its end may be under way,
-- so it is worth a second look.
-- Waits of the engine and published tasks are kept in the state.
--@include base defaults groups processes

-- `takers`: the groups that claim an attempt before they acknowledge its start-task. The first value
-- lists prefixes of group names that end with the category. The second maps a category to the one group
-- of a built-in.

-- Workers that run steps themselves have a group for each queue; `by_queue` is set for one of these.
local function takes(takers, group, category)
  local only = takers[2][category]
  if only then return group == only end
  for _, first in ipairs(takers[1]) do
    if group == first .. ':' .. category then return true end
  end
  local steps = takers[3] and takers[3] .. ':' .. category .. ':'
  if steps and string.sub(group, 1, #steps) == steps then return true, true end
  return false
end

-- Milliseconds until a start-task that no queue's group wanted is written again. Each pause is twice as
-- long: where routes have changed once is enough, and where nobody consumes the queue none is.
local FIRST_PAUSE = 20000
local function is_paused(event, attempt)
  local written = tonumber(string.match(event, '^%d+'))
  return clock() - written < math.max(FIRST_PAUSE, written - (attempt[AttemptRecord.QUEUED] or written))
end

-- Whether an unclaimed attempt was read by the groups that would have claimed it, and is pending in
-- none of them. Other groups acknowledge what they leave alone, or work without a claim.
local function was_dropped(key, attempt, event, fields, takers)
  local base
  for i = 1, #fields, 2 do
    if fields[i] == 'base' then base = fields[i + 1] end
  end
  local category, read, only_queues = category_in(base), false, true
  for _, group in ipairs(groups_of_stream()) do
    local mine, by_queue = takes(takers, group.name, category)
    if mine then
      if earlier(group.read, event)
        or #redis.call('XPENDING', K.events, group.name, event, event, 1) > 0 then return false end
      read, only_queues = true, only_queues and by_queue
    end
  end
  if read and only_queues and is_paused(event, attempt) then return false end
  -- While a workflow does not run, start-tasks are acknowledged without a claim: a restart begins them
  -- anew.
  return read and redis.call('HGET', key, 'state') == WorkflowState.RUNNING
end

local function how_lost(key, attempt, event, takers)
  local owner = attempt[AttemptRecord.OWNER] or ''
  if owner == '' then
    local entry = redis.call('XRANGE', K.events, event, event)[1]
    if not entry then return 'missing' end
    -- Some listeners report the start without owning the attempt.
    local taken = (attempt[AttemptRecord.TAKEN] or 0) > 0
    return not taken and was_dropped(key, attempt, event, entry[2], takers) and 'dropped' or ''
  end
  if owner == ENGINE then return '' end
  local publication = publication_of(attempt)
  local state = publication and publication[PublicationRecord.STATE]
  if state == PublicationState.PUBLISHED then return '' end
  if state == PublicationState.HELD then
    return is_alive(publication[PublicationRecord.OWNER]) and '' or 'dropped'
  end
  -- NOGROUP is an answer too: nothing is pending then.
  local pending = redis.pcall('XPENDING', K.events, owner, event, event, 1)
  return (pending.err or #pending == 0) and 'dropped' or ''
end
