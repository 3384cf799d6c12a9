-- Index events of the mailbox under a shape that has come into use.
-- Race closed: an event that was receipted since it was read is left alone. A second worker that does
-- the same changes nothing.
-- digests: an event's id and its digest, in turn.
--@keys mailbox
--@args digests...
--@include mailbox
for i = 1, #digests, 2 do
  local id, digest, there = digests[i], digests[i + 1], false
  local raw = redis.call('HGET', mailbox, 'd' .. id)
  local entry = raw and cmsgpack.unpack(raw)
  for _, other in ipairs(entry and entry[MailboxEntry.DIGESTS] or {}) do
    there = there or other == digest
  end
  if entry and not there then
    table.insert(entry[MailboxEntry.DIGESTS], digest)
    redis.call('HSET', mailbox, 'd' .. id, cmsgpack.pack(entry))
    redis.call('ZADD', K.mailbox_digests, 0, slot(digest, entry[MailboxEntry.MEANT], id))
  end
end
