-- Write the start-task of an attempt that was handed to somebody who did not publish it (see
-- handing.lua).
-- KEYS  workflow
-- ARGV  field of the step, token, input (JSON text) or '', ms since it was handed over at least, why
--       there is no input or ''
-- Returns {code}: APPLIED, GONE (or its step has failed for want of its input), UNCHANGED, NEWER.
-- Race closed: who was handed the attempt may be about to publish it, so it must have had it for a
-- while. Of several that find it, the first writes the event, whose absence the others look for.
--@include base defaults stamp count workflow value input timers close handing fire iterate retry rest commit
local w = load_workflow(KEYS[1], clock(''))
if not w then return {Outcome.GONE} end
if w.version > VERSION then return {Outcome.NEWER} end
local index, scope = tonumber(string.match(ARGV[1], '^%d+')), string.match(ARGV[1], '@(.+)$') or ''
local attempt
for _, open in ipairs(step_of(w, index, scope)[Dynamic.OPEN]) do
  if open[AttemptRecord.TOKEN] == ARGV[2] then attempt = open end
end
if not attempt then return {Outcome.GONE} end
local flights, task = K.flight .. attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK]
local raw = attempt[AttemptRecord.EVENT] == '' and task ~= '' and redis.call('HGET', flights, task)
local flight = raw and cmsgpack.unpack(raw)
if not flight or flight[PublicationRecord.STATE] ~= 'recorded'
  or w.now - flight[PublicationRecord.SINCE] < tonumber(ARGV[4]) then
  return {Outcome.UNCHANGED}
end
if ARGV[3] == '' then
  fail_unread(w, index, scope, attempt, ARGV[5])
  commit(w)
  return {Outcome.GONE}
end
trace(w, 'reemit', ARGV[1], attempt[AttemptRecord.ACTIVATION], attempt[AttemptRecord.NUMBER])
w.emits[1] = {index = index, field = ARGV[1], attempt = attempt, input = ARGV[3]}
commit(w)
flight[PublicationRecord.EVENT] = attempt[AttemptRecord.EVENT]
redis.call('HSET', flights, task, cmsgpack.pack(flight))
return {Outcome.APPLIED}
