-- The mailbox: users' events without a receipt, found by a digest of their kind and of some of their
-- fields. K.mailbox has each event's text under its id, and its MailboxEntry under `d<id>`. While the
-- event is handed to those who already wait, `a<id>` is '0' or, once it is receipted, the last stream
-- id before the receipt. K.mailbox_digests sorts `digest|mark|id`, K.waiters `digest|mark|start-task`.
--@include base

-- Whether a wait may have an event that is being handed out. Once receipted, it is for waits whose
-- start-tasks came before the receipt, and not for those that follow from it.
local function entitled(id, start)
  local limit = redis.call('HGET', K.mailbox, 'a' .. id)
  return not limit or limit == '0' or not earlier(limit, start)
end

-- A stream id as text that sorts as the id does: each number follows its length.
local function ordered(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return string.char(64 + #ms) .. ms .. string.char(64 + #seq) .. seq
end

local function unordered(text)
  local length = string.byte(text) - 64
  return string.sub(text, 2, 1 + length) .. '-' .. string.sub(text, 3 + length)
end

local function slot(digest, meant, id)
  return digest .. '|' .. mark_of(meant) .. '|' .. ordered(id)
end

-- The first member of a sorted set that begins with `prefix` and for which `take` returns true.
local function first_member(key, prefix, take)
  local from = '[' .. prefix
  local page
  repeat
    page = redis.call('ZRANGEBYLEX', key, from, '(' .. prefix .. '\255', 'LIMIT', 0, 100)
    for _, member in ipairs(page) do
      if take(string.match(member, '|([^|]*)$')) then return member end
    end
    from = '(' .. (page[#page] or '')
  until #page < 100
end

-- No step gets an event twice, whatever runs it again.
local function had_event(workflow, field, id)
  return redis.call('SISMEMBER', workflow .. S.taken, field .. '|' .. id) == 1
end

-- The last entry of its kind has gone: the shapes without a waiter go too.
local function forget_shapes(kind)
  local all, unused = redis.call('HGETALL', kind), {'mail'}
  for i = 1, #all, 2 do
    if (tonumber(all[i + 1]) or 0) <= 0 then unused[#unused + 1] = all[i] end
  end
  sliced('HDEL', kind, unused)
end

local function leave_mailbox(id)
  local raw = redis.call('HGET', K.mailbox, 'd' .. id)
  if not raw then return end
  local entry, slots = cmsgpack.unpack(raw), {'*|' .. ordered(id)}
  for i, digest in ipairs(entry[MailboxEntry.DIGESTS]) do
    slots[i + 1] = slot(digest, entry[MailboxEntry.MEANT], id)
  end
  sliced('ZREM', K.mailbox_digests, slots)
  redis.call('HDEL', K.mailbox, id, 'd' .. id, 'a' .. id)
  local kind = K.kind .. entry[MailboxEntry.KIND]
  if redis.call('HINCRBY', kind, 'mail', -1) <= 0 then forget_shapes(kind) end
end

-- A receipt removes its event from the mailbox, unless the event is being handed out.
local function take_receipt(id, receipt)
  if #redis.call('XRANGE', K.events, id, id) > 0 then
    redis.call('HSET', K.receipted, id, receipt)
  end
  if redis.call('HEXISTS', K.mailbox, 'a' .. id) == 0 then leave_mailbox(id) end
end
