-- Find the open attempts that nobody works on, nor will, as far as the stream shows.
-- Returns for each '', 'missing' or 'dropped'; see lib/lost_attempt.lua.
-- takers: the groups that claim each category (msgpack), see lib/lost_attempt.lua.
-- addresses: an event's id and its workflow|step|token, in turn.
--@keys stream
--@args takers addresses...
--@include lost_attempt
local found, known_takers = {}, cmsgpack.unpack(takers)
for i = 1, #addresses, 2 do
  local key, field, token = string.match(addresses[i + 1], '^([^|]+)|([^|]+)|(.+)$')
  -- A key of any type may lie there: one workflow must not keep the others from being looked at.
  local raw = redis.pcall('HGET', key .. S.steps, field)
  local attempt = open_attempt(type(raw) == 'string' and cmsgpack.unpack(raw), token) or {}
  found[#found + 1] = how_lost(key, attempt, addresses[i], known_takers)
end
return found
