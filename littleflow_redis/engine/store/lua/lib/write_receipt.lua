-- Tell everybody that an event of the mailbox was taken.
--@include iso_time mailbox
local function write_receipt(id, now)
  local own = redis.call('XADD', K.events, '*', 'kind', EventKind.RECEIPT, 'apiVersion', '"v1"',
    'at', iso_time(now), 'for', '"' .. id .. '"', 'action', '"processed"')
  take_receipt(id, own)
end
