-- Which open attempts nobody works on, nor will, as far as the stream can tell?
-- KEYS  stream
-- ARGV  who takes what (msgpack, see lib/stray.lua), then event id and address (workflow|step|token)
--       of each
-- Returns for each '', 'missing' or 'dropped'; see lib/stray.lua.
--@include base defaults groups stray
local found, takers = {}, cmsgpack.unpack(ARGV[1])
for i = 2, #ARGV, 2 do
  local key, field, token = string.match(ARGV[i + 1], '^([^|]+)|([^|]+)|(.+)$')
  -- Whatever lies there, one workflow must not keep the others from being looked at.
  local raw = redis.pcall('HGET', key .. S.steps, field)
  local attempt = {}
  for _, open in ipairs(type(raw) == 'string' and cmsgpack.unpack(raw)[Dynamic.OPEN] or {}) do
    if open[AttemptRecord.TOKEN] == token then attempt = open end
  end
  found[#found + 1] = stray(key, attempt, ARGV[i], takers)
end
return found
