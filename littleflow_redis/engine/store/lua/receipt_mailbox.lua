-- Remove receipted events from the mailbox.
-- Race closed: note and removal are one. A receipt that is read before its event keeps the event from
-- waits that begin later.
-- receipts: an event's id and its receipt's, in turn.
--@keys mailbox
--@args receipts...
--@include mailbox
for i = 1, #receipts, 2 do
  -- Most receipts are for start-tasks: they report a start, and concern no mailbox entry.
  if redis.call('HEXISTS', K.open_attempts, receipts[i]) == 0 then take_receipt(receipts[i], receipts[i + 1]) end
end
