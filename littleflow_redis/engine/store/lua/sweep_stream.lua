-- Delete the entries of the stream that nobody needs any more. No other place deletes them.
-- Returns {whether more may follow; the last id seen, '' if there is none; entries seen; entries
-- deleted}.
-- Rules: a start-task goes when its attempt is closed, whoever acknowledged it before. A user's event
-- goes when it is receipted and acknowledged by all, or after its retention. Any other entry goes when
-- every group has read and acknowledged it, or after the grace (some listeners never acknowledge "not
-- mine"). An end-task never goes after the grace alone while its attempt is open.
-- Race closed: "closed" and "acknowledged" are read in the script that deletes.
-- position: the id to go on after.
-- grace, retention: ms, see the rules.
--@keys stream
--@args position count:number grace:number retention:number
--@include base groups mailbox queue
local ours = {}
for _, kind in ipairs(EventKind.ALL) do ours[kind] = true end
-- The mailbox follows the same rule, also where the stream has lost the event.
local retained = string.format('%.0f-0', math.max(clock() - retention, 0))
for _, slot in ipairs(redis.call('ZRANGEBYLEX', K.mailbox_digests, '[*|', '(*|' .. ordered(retained),
  'LIMIT', 0, count)) do
  leave_mailbox(unordered(string.sub(slot, 3)))
end
-- A pass over the stream begins: queues in which nothing has begun for long are forgotten.
if position == '-' then forget_begun(clock()) end
local entries = redis.call('XRANGE', stream, position, '+', 'COUNT', count)
if #entries == 0 then return {0, '', 0, 0} end
local first, last, now = entries[1][1], entries[#entries][1], clock()

-- The last id that all groups have read, and the entries here that some group has not acknowledged.
local read, pending = last, {}
for _, group in ipairs(groups_of_stream()) do
  if earlier(group.read, read) then read = group.read end
  for _, row in ipairs(redis.call('XPENDING', stream, group.name, first, last, #entries)) do
    pending[row[1]] = true
  end
end

local function done_by_all(id)
  return not pending[id] and not earlier(read, id)
end

-- Whether the end-task's attempt is open. Nobody has applied the end yet: no lifecycle worker runs, or
-- none is new enough for the workflow.
local function is_needed(fields)
  local f = {}
  for j = 1, #fields, 2 do f[fields[j]] = fields[j + 1] end
  local key = string.match(f.workflow or '', '^"(.+)"$')
  local token = string.match(f.token or '""', '^"(.*)"$') or ''
  -- A key of another type, whatever the fields say, must not stop the sweep.
  local version = key and redis.pcall('HGET', key, 'version')
  if type(version) ~= 'string' then return false end
  if tonumber(version) > VERSION then return true end
  local field = field_by_token(f.index or '', token)
  local raw = redis.pcall('HGET', key .. S.steps, field)
  for _, attempt in ipairs(type(raw) == 'string' and cmsgpack.unpack(raw)[Dynamic.OPEN] or {}) do
    if token == '' or attempt[AttemptRecord.TOKEN] == token then return true end
  end
  return false
end

local ids, open, drop = {}, {}, {}
for i, entry in ipairs(entries) do ids[i] = entry[1] end
each_value('HMGET', K.open_attempts, ids, function(i, attempt) open[i] = attempt end)
for i, entry in ipairs(entries) do
  local id, fields, kind = entry[1], entry[2], ''
  for j = 1, #fields, 2 do
    if fields[j] == 'kind' then kind = fields[j + 1] end
  end
  local users = kind ~= '' and not ours[kind]
  local age = now - tonumber(string.match(id, '^%d+'))
  local gone
  if kind == EventKind.START_TASK then gone = not open[i]
  elseif not users then
    gone = done_by_all(id) or age > grace
      and not (kind == EventKind.END_TASK and is_needed(fields))
  else
    gone = age > retention
      or redis.call('HEXISTS', K.receipted, id) == 1 and done_by_all(id)
  end
  if gone then
    drop[#drop + 1] = id
    if users then leave_mailbox(id) end
  end
end
sliced('XDEL', stream, drop)
sliced('HDEL', K.receipted, drop)
return {#entries == count and 1 or 0, last, #entries, #drop}
