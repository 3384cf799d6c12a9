-- Writes the receipt of an event of the mailbox.
--@include iso_time mailbox
local function write_receipt(id, now)
  local own = redis.call('XADD', K.events, '*', 'kind', EventKind.RECEIPT, 'apiVersion', '"v1"',
    'at', iso_time(now), 'for', '"' .. id .. '"', 'action', '"processed"')
  take_receipt(id, own)
end
