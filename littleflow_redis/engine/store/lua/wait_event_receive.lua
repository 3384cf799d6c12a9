-- Put a user's event into the mailbox, name those who wait for it, and acknowledge it when nobody does.
-- Returns {MATCHED, shape, start-task, address...}: hand it to these, and call again; {AGAIN,
-- shape...}: all that are in use; {APPLIED}; {DUPLICATE}: it was finished before.
-- Race closed: a wait that begins before this call is found by it. A wait that begins after it finds
-- the event in the mailbox. Shapes are compared here, so one that came into use after the digests were
-- computed cannot be missed. The event stays pending until every waiter has it, so when a worker dies
-- on the way another goes on.
-- meant: the full id of the workflow that the event is for, or ''.
-- fields: JSON text.
-- finish: '1' to leave those that wait.
-- digests: each shape in use and its digest, in turn.
--@keys stream
--@args id group kind meant fields finish digests...
--@include mailbox write_receipt
-- Waiters named in one reply, three values each.
local MAX_FOUND = 256 * 3
local given, used, shapes, missing = {}, {Outcome.AGAIN}, {'[]'}, false
for i = 1, #digests, 2 do given[digests[i]] = digests[i + 1] end
for _, shape in ipairs(redis.call('HKEYS', K.kind .. kind)) do
  if shape ~= 'mail' and shape ~= '[]' then
    missing = missing or not given[shape]
    used[#used + 1] = shape
    shapes[#shapes + 1] = shape
  end
end
if missing then return used end

local function mail()
  local entry, slots = {kind, meant, {}}, {0, '*|' .. ordered(id)}
  for i, shape in ipairs(shapes) do
    entry[MailboxEntry.DIGESTS][i] = given[shape]
    slots[#slots + 1] = 0
    slots[#slots + 1] = slot(given[shape], meant, id)
  end
  local before = redis.call('HEXISTS', K.receipted, id) == 1
  redis.call('HSET', K.mailbox, id, fields, 'd' .. id, cmsgpack.pack(entry),
    'a' .. id, before and id or '0')
  sliced('ZADD', K.mailbox_digests, slots)
  redis.call('HINCRBY', K.kind .. kind, 'mail', 1)
end

if redis.call('HEXISTS', K.mailbox, id) == 0 then
  if #redis.call('XPENDING', K.events, group, id, id, 1) == 0 then return {Outcome.DUPLICATE} end
  mail()
end
local state, found = redis.call('HGET', K.mailbox, 'a' .. id), {Outcome.MATCHED}

local function find(shape, start)
  local address = redis.call('HGET', K.open_attempts, start)
  local workflow, field = string.match(address or '', '^([^|]+)|([^|]+)|')
  if workflow and (meant == '' or meant == workflow) and not had_event(workflow, field, id)
    and entitled(id, start) then
    found[#found + 1] = shape
    found[#found + 1] = start
    found[#found + 1] = address
  end
  return #found > MAX_FOUND
end

if state and finish ~= '1' then
  for _, shape in ipairs(shapes) do
    local prefix = given[shape] .. '|' .. (meant == '' and '' or mark_of(meant) .. '|')
    if first_member(K.waiters, prefix, function(start) return find(shape, start) end) then break end
  end
end
if #found > 1 then return found end

if state then
  local before = redis.call('HEXISTS', K.receipted, id) == 1
  redis.call('HDEL', K.mailbox, 'a' .. id)
  if state ~= '0' and not before then write_receipt(id, clock()) end
  if before then leave_mailbox(id) end
end
redis.call('XACK', K.events, group, id)
return {Outcome.APPLIED}
