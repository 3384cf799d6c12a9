-- Write the start-task of an open attempt again, if nobody works on it.
-- KEYS  workflow
-- ARGV  field of the step, token, event id it had, input (JSON text) or '', what it was found to be:
--       'missing' or 'dropped', who takes what (msgpack, see lib/stray.lua), why there is no input or ''
-- Returns {code}: APPLIED, GONE (or its step has failed for want of its input), UNCHANGED, NEWER.
-- Race closed: state is the truth and the stream its transport; of several workers that find the
-- same entry missing, the first writes it and changes the event id that the others compare. The token
-- stays: if somebody works on it after all, one of two ends is applied.
--@include base defaults stamp count workflow value input timers close handing fire iterate retry rest groups stray commit
local w = load_workflow(KEYS[1], clock(''))
if w and w.version > VERSION then return {Outcome.NEWER} end
local index, scope = tonumber(string.match(ARGV[1], '^%d+')), string.match(ARGV[1], '@(.+)$') or ''
local step, attempt = w and step_of(w, index, scope), nil
for _, open in ipairs(step and step[Dynamic.OPEN] or {}) do
  if open[AttemptRecord.TOKEN] == ARGV[2] then attempt = open end
end
if not attempt then
  redis.call('HDEL', K.open, ARGV[3])
  return {Outcome.GONE}
end
if attempt[AttemptRecord.EVENT] ~= ARGV[3]
  or stray(KEYS[1], attempt, ARGV[3], cmsgpack.unpack(ARGV[6])) ~= ARGV[5] then
  return {Outcome.UNCHANGED}
end
local input = handed_input(ARGV[3]) or ARGV[4]
if input == '' then
  fail_unread(w, index, scope, attempt, ARGV[7])
  commit(w)
  return {Outcome.GONE}
end
trace(w, 'reemit', ARGV[1], attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
w.emits[1] = {index = index, field = ARGV[1], attempt = attempt, input = input}
redis.call('HDEL', K.open, ARGV[3])
commit(w)
return {Outcome.APPLIED}
