-- Receipts came: their events leave the mailbox.
-- KEYS  mailbox
-- ARGV  event id and receipt id of each
-- Race closed: noted and removed in one. A receipt that is read before its event keeps the event
-- from whoever begins to wait later.
--@include base mail
for i = 1, #ARGV, 2 do
  -- Most receipts are for start-tasks: a sign of start, and none of ours.
  if redis.call('HEXISTS', K.open, ARGV[i]) == 0 then receipted(ARGV[i], ARGV[i + 1]) end
end
