-- Tell everybody that an event of the mailbox was taken.
local function receipt(id, now)
  local own = redis.call('XADD', K.stream, '*', 'kind', '"receipt"', 'apiVersion', '"v1"',
    'at', stamp(now), 'for', '"' .. id .. '"', 'action', '"processed"')
  receipted(id, own)
end
