-- Receipts came: their events leave the mailbox.
-- Race closed: noted and removed in one. A receipt that is read before its event keeps the event
-- from whoever begins to wait later.
-- receipts: an event's id and its receipt's, in turn.
--@keys mailbox
--@args receipts...
--@include mailbox
for i = 1, #receipts, 2 do
  -- Most receipts are for start-tasks: a sign of start, and none of ours.
  if redis.call('HEXISTS', K.open_attempts, receipts[i]) == 0 then take_receipt(receipts[i], receipts[i + 1]) end
end
