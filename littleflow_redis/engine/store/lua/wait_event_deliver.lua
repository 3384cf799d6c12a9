-- Hand an event of the mailbox to an attempt of `wait:event`, which ends with this output.
-- Returns {code, state, reason, ready...}: APPLIED, GONE (the event or the attempt), NEED_INPUT, NEWER.
-- Race closed: the attempt is closed, the event noted as taken and, if so wished, receipted in one. Of
-- two workers, or an event and a timeout, one comes first, and the other finds nothing.
-- id: of the event.
-- start: the start-task.
-- receipt: '1' to receipt the event; the record of an attempt that waits already has this itself.
-- output: JSON text, '' for the input.
-- missing: why there is no input.
--@keys workflow
--@args id group start field token receipt output missing
--@include transition mailbox write_receipt
local w = load_workflow(workflow, clock())
if not w or redis.call('HEXISTS', K.mailbox, id) == 0 then return {Outcome.GONE} end
if w.version > VERSION then return {Outcome.NEWER} end
local index, scope = index_and_scope(field)
local step = step_of(w, index, scope)
local attempt = open_attempt(step, token)
if not attempt or had_event(w.key, field, id) or not entitled(id, start) then return {Outcome.GONE} end
local wait = attempt[AttemptRecord.WAIT]
if not wait and (attempt[AttemptRecord.OWNER] ~= '' or w.state ~= WorkflowState.RUNNING) then return {Outcome.GONE} end

if output == '' then
  output = start_task_input(start) or ''
  if output == '' and missing == '' then return {Outcome.NEED_INPUT} end
end
if step[Dynamic.STARTED] == 0 then step[Dynamic.STARTED] = w.now end
close_attempt(w, step, token)
if output == '' then fail(w, index, scope, attempt, missing)
else complete(w, index, scope, output, TraceKind.END, attempt, '{"event":"' .. id .. '"}') end
w.arrived[#w.arrived + 1] = {index, scope}
settle(w)
detect_stall(w)

redis.call('SADD', w.key .. S.taken, field .. '|' .. id)
if (wait and wait[Wait.RECEIPT] or receipt) == '1' then
  -- While the event is being handed out, the other waiters have a right to it.
  local state = redis.call('HGET', K.mailbox, 'a' .. id)
  if not state then write_receipt(id, w.now)
  elseif state == '0' then
    local last = redis.call('XREVRANGE', K.events, '+', '-', 'COUNT', 1)[1]
    redis.call('HSET', K.mailbox, 'a' .. id, last and last[1] or start)
  end
end
redis.call('XACK', K.events, group, start)
commit(w)
return report(w, Outcome.APPLIED)
