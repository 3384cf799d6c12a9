-- What a script with `--@many WIDTH` ends with: it runs for each of KEYS, each with WIDTH of ARGV.
-- Returns for each what it returns, or the text of the error that it raised.
local replies = {}
for i, key in ipairs(KEYS) do
  local ok, reply = pcall(one, {key}, {unpack(ARGV, (i - 1) * WIDTH + 1, i * WIDTH)})
  -- Newer servers raise tables, older ones text.
  replies[i] = ok and reply or (type(reply) == 'table' and reply.err or tostring(reply))
end
return replies
