-- Write the start-task of an open attempt again, if it is missing and nobody took the attempt.
-- KEYS  workflow
-- ARGV  field in :open (index:token), event id it had, input (JSON text)
-- Returns {code}: APPLIED, GONE, UNCHANGED.
-- Race closed: state is the truth and the stream its transport; of several workers that find the
-- same entry missing, the first writes it and changes the event id that the others compare.
--@include base stamp workflow input close fire rest commit
local w = load_workflow(KEYS[1], clock(''))
local raw = w and redis.call('HGET', w.key .. S.open, ARGV[1])
if not raw then
  redis.call('HDEL', K.open, ARGV[2])
  return {Outcome.GONE}
end
local attempt = cmsgpack.unpack(raw)
local there = #redis.call('XRANGE', K.stream, attempt[Attempt.EVENT], attempt[Attempt.EVENT]) > 0
if w.version > VERSION or there or attempt[Attempt.OWNER] ~= ''
  or attempt[Attempt.EVENT] ~= ARGV[2] then return {Outcome.UNCHANGED} end
local index, token = string.match(ARGV[1], '^(%d+):(.+)$')
local id = write_start_task(w, stamp(w.now), {index = tonumber(index), token = token,
  input = ARGV[3]})
redis.call('HDEL', K.open, attempt[Attempt.EVENT])
attempt[Attempt.EVENT] = id
redis.call('HSET', w.key .. S.open, ARGV[1], cmsgpack.pack(attempt))
redis.call('HSET', K.open, id, w.key .. '|' .. ARGV[1])
trace(w, 'reemit', attempt[Attempt.STEP], attempt[Attempt.ACTIVATION], attempt[Attempt.NUMBER])
redis.call('RPUSH', w.key .. S.trace, w.trace[1])
return {Outcome.APPLIED}
