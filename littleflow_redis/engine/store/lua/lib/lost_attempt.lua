-- What the stream knows of an open attempt: '' if somebody has it or will get it.
-- 'missing': nobody took it, and its start-task is gone: an operator deleted the stream.
-- 'dropped': a group took it, or read it and was about to, and has it no more among its pending entries,
-- as after the deletion of the stream, the group or the consumer. Its end may be under way, so it is
-- worth a second look. What the engine waits for, and what a bridge has published, is kept in the state.
--@include base defaults groups

-- `takers` says which groups take what they read of a category before they acknowledge it: the first
-- parts of names that end with the category, and by category the one group of a built-in.

local function takes(takers, group, category)
  local only = takers[2][category]
  if only then return group == only end
  for _, first in ipairs(takers[1]) do
    if group == first .. ':' .. category then return true end
  end
  return false
end

-- Whether an attempt that nobody took was read by the groups that would have taken it, and lies with
-- none of them. Others acknowledge what they leave alone, or work without having taken it.
local function was_dropped(key, event, fields, takers)
  local base
  for i = 1, #fields, 2 do
    if fields[i] == 'base' then base = fields[i + 1] end
  end
  local category, read = category_in(base), false
  for _, group in ipairs(groups_of_stream()) do
    if takes(takers, group.name, category) then
      if earlier(group.read, event)
        or #redis.call('XPENDING', K.events, group.name, event, event, 1) > 0 then return false end
      read = true
    end
  end
  -- Of a workflow that does not run nothing is taken, only acknowledged: a restart begins it anew.
  return read and redis.call('HGET', key, 'state') == WorkflowState.RUNNING
end

local function how_lost(key, attempt, event, takers)
  local owner = attempt[AttemptRecord.OWNER] or ''
  if owner == '' then
    local entry = redis.call('XRANGE', K.events, event, event)[1]
    if not entry then return 'missing' end
    -- Some tell that they have taken it up without owning it.
    local taken = (attempt[AttemptRecord.TAKEN] or 0) > 0
    return not taken and was_dropped(key, event, entry[2], takers) and 'dropped' or ''
  end
  if owner == ENGINE then return '' end
  local flight = attempt[AttemptRecord.TASK] ~= ''
    and redis.call('HGET', K.publications .. attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK])
  if flight and cmsgpack.unpack(flight)[PublicationRecord.STATE] == 'published' then return '' end
  -- NOGROUP is an answer too: then nothing is pending.
  local pending = redis.pcall('XPENDING', K.events, owner, event, event, 1)
  return (pending.err or #pending == 0) and 'dropped' or ''
end
