-- Claim an attempt before any work is done for it.
-- Returns {code}: APPLIED, GONE, TAKEN_BY_OTHER, RECORDED, PUBLISHED, WORN_OUT, MAY_HAVE_RUN, NEWER.
-- Race closed: an attempt may be handed out twice (claimed from a slow consumer, emitted again). The
-- owner is the group, not the process. Within a group the stream's pending list says who works, so a
-- consumer that claims a dead one's entries can claim its attempts too. If the workflow is TERMINATING,
-- the script that finds nobody at work on the attempt sets the timer that cancels it. An attempt that must
-- not run twice begins here: the next process that asks for it sets the timer that fails it.
-- Each claim stands by itself; many share a call.
-- group: the owner.
-- worker: for people.
-- category, task: those of a publication, '' for none.
-- most: how often the attempt may be claimed, 0 for no limit.
-- queued: '1' if it goes into a queue whose workers report that they start it.
-- event: '', or the start-task of a worker that runs the task itself. It is acknowledged here, and from
-- then on that worker's heartbeat says whether anybody works on the attempt.
--@keys workflow
--@each index token group worker category task most:number queued event
--@include attempt_start once
local function settled(outcome)
  if event ~= '' then redis.call('XACK', K.events, group, event) end
  return {outcome}
end

local f = redis.call('HMGET', workflow, 'version', 'state', 'flow')
if not f[2] then return settled(Outcome.GONE) end
if tonumber(f[1]) > VERSION then return {Outcome.NEWER} end
local field, steps = field_by_token(index, token), workflow .. S.steps
local raw = redis.call('HGET', steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, token)
if not attempt then return settled(Outcome.GONE) end
local owner = attempt[AttemptRecord.OWNER]
if owner ~= '' and owner ~= group then return settled(Outcome.TAKEN_BY_OTHER) end

local flights, flight = K.publications .. attempt[AttemptRecord.FLIGHT], publication_of(attempt)
local state = flight and flight[PublicationRecord.STATE]
if state == PublicationState.PUBLISHED then return settled(Outcome.PUBLISHED) end
if state == PublicationState.HELD then return settled(Outcome.TAKEN_BY_OTHER) end

-- Cancelling and failing take all the libraries of a transition, and this script runs for each task.
local function leave_to_timer(kind)
  local member = timer_member(kind, workflow, field, token)
  table.insert(attempt[AttemptRecord.TIMERS], member)
  redis.call('ZADD', K.timers, clock(), member)
  redis.call('SADD', workflow .. S.timers, member)
  redis.call('HSET', steps, field, cmsgpack.pack(step))
end

-- A process that asks again has lost the reply to its first call, and has not begun.
local first = attempt[AttemptRecord.ONCE]
if may_have_run(attempt) and (first == '' or first ~= worker) then
  leave_to_timer(TimerKind.LOST)
  return settled(Outcome.MAY_HAVE_RUN)
end
if f[2] ~= WorkflowState.RUNNING then
  -- The owner died before it began. A restart sees the attempt as unclaimed.
  if owner ~= '' then
    attempt[AttemptRecord.OWNER], attempt[AttemptRecord.TAKEN] = '', 0
    if flight then redis.call('HDEL', flights, attempt[AttemptRecord.TASK]) end
    attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK] = '', ''
    -- The workflow waits for an end that nobody will send.
    if f[2] == WorkflowState.TERMINATING then leave_to_timer(TimerKind.CANCEL)
    else redis.call('HSET', steps, field, cmsgpack.pack(step)) end
  end
  return settled(Outcome.GONE)
end
if flight then return {Outcome.RECORDED} end
-- The stream's count of deliveries will not do: it grows with every lost connection, too.
local takes = attempt[AttemptRecord.TAKES] or 0
if most > 0 and takes >= most then return {Outcome.WORN_OUT} end
local now = clock()
attempt[AttemptRecord.TAKES] = takes + 1
attempt[AttemptRecord.OWNER] = group
if first then attempt[AttemptRecord.ONCE] = worker end
attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK] = category, task
local is_queued = queued == '1'
if is_queued then clock_taken(workflow, K.flow .. f[3], field, attempt, now)
else started(workflow, K.flow .. f[3], field, step, attempt, now) end
redis.call('HSET', steps, field, cmsgpack.pack(step))
-- Only the trace keeps the task's id longer than its publication.
local detail = task == '' and worker or cjson.encode({worker = worker, celery_id = task})
trace_now(workflow, f[2], now, is_queued and TraceKind.PUBLISH or TraceKind.TAKE, field, attempt, detail)
if task ~= '' then
  redis.call('HSET', K.publications .. category, task, cmsgpack.pack({workflow, field, token,
    attempt[AttemptRecord.EVENT], worker, event == '' and PublicationState.RECORDED or PublicationState.HELD, now}))
end
return settled(Outcome.APPLIED)
