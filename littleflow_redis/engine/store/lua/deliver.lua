-- Hand an event of the mailbox to an attempt of `wait:event`: it ends with this output.
-- KEYS  workflow
-- ARGV  event id, group, start-task, field of the step, token, '1' to receipt it or '' (of one that
--       waits already, its own record says), output (JSON text) or '' for the input,
--       clock override or '', why there is no input or ''
-- Returns {code, state, reason, ready...}: APPLIED, GONE (the event or the attempt), NEED_INPUT,
-- NEWER.
-- Race closed: the attempt is closed, the event noted as taken and, if so wished, receipted in one:
-- of two workers, or an event and a timeout, one comes first, and the other finds nothing.
--@include base defaults stamp sign mail receipt count workflow value input timers close handing fire iterate retry rest commit
local id, start, field, token, output = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[7]
local w = load_workflow(KEYS[1], clock(ARGV[8]))
if not w or redis.call('HEXISTS', K.mail, id) == 0 then return {Outcome.GONE} end
if w.version > VERSION then return {Outcome.NEWER} end
local index, scope = tonumber(string.match(field, '^%d+')), string.match(field, '@(.+)$') or ''
local step = step_of(w, index, scope)
local attempt = open_attempt(step, token)
if not attempt or taken(w.key, field, id) or not entitled(id, start) then return {Outcome.GONE} end
local wait = attempt[AttemptRecord.WAIT]
if not wait and (attempt[AttemptRecord.OWNER] ~= '' or w.state ~= 'RUNNING') then return {Outcome.GONE} end

if output == '' then
  output = handed_input(start) or ''
  if output == '' and ARGV[9] == '' then return {Outcome.NEED_INPUT} end
end
if step[Dynamic.STARTED] == 0 then step[Dynamic.STARTED] = w.now end
close(w, step, token)
if output == '' then fail(w, index, scope, attempt, ARGV[9])
else complete(w, index, scope, output, 'end', attempt, '{"event":"' .. id .. '"}') end
w.arrived[#w.arrived + 1] = {index, scope}
settle(w)
rest(w)

redis.call('SADD', w.key .. S.taken, field .. '|' .. id)
if (wait and wait[Wait.RECEIPT] or ARGV[6]) == '1' then
  -- While it is being handed out, the others who wait have a right to it.
  local state = redis.call('HGET', K.mail, 'a' .. id)
  if not state then receipt(id, w.now)
  elseif state == '0' then
    local last = redis.call('XREVRANGE', K.stream, '+', '-', 'COUNT', 1)[1]
    redis.call('HSET', K.mail, 'a' .. id, last and last[1] or start)
  end
end
redis.call('XACK', K.stream, ARGV[2], start)
commit(w)
return report(w, Outcome.APPLIED)
