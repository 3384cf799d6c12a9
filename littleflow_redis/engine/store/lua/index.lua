-- Index events of the mailbox under a shape that has come into use.
-- KEYS  mailbox
-- ARGV  event id and digest of each
-- Race closed: an event that was receipted since it was read is left alone; a second worker that
-- does the same changes nothing.
--@include base mail
for i = 1, #ARGV, 2 do
  local id, digest, there = ARGV[i], ARGV[i + 1], false
  local raw = redis.call('HGET', KEYS[1], 'd' .. id)
  local letter = raw and cmsgpack.unpack(raw)
  for _, other in ipairs(letter and letter[MailboxEntry.DIGESTS] or {}) do
    there = there or other == digest
  end
  if letter and not there then
    table.insert(letter[MailboxEntry.DIGESTS], digest)
    redis.call('HSET', KEYS[1], 'd' .. id, cmsgpack.pack(letter))
    redis.call('ZADD', K.letters, 0, slot(digest, letter[MailboxEntry.MEANT], id))
  end
end
