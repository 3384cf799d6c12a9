-- Fire a ready step with the input that Python made of its predecessors' outputs.
-- Returns {code, state, reason, ready...}: APPLIED, HELD, NOT_READY, UNKNOWN_WORKFLOW, NEWER.
-- Race closed: the ready record is the permission. Two workers may both see the step become ready, or a
-- worker and the timer: only the call that removes the record fires it.
-- member: the timer of the step.
-- action: run, skip, items or fail.
-- input: JSON text.
-- reason: of fail.
-- items: JSON texts.
--@keys workflow
--@args member action input reason items...
--@include transition
local kind, field, activation = string.match(member, '^(%a+)|[^|]+|([%d@.]+)|(%d+)$')
local w, refused = load_for_timer(workflow, member)
if not w then return refused end
if redis.call('SISMEMBER', w.key .. S.timers, member) == 0 then
  redis.call('ZREM', K.timers, member)
  return {Outcome.NOT_READY, '', ''}
end

local index, scope = index_and_scope(field)
local static, step = static_of(w, index), step_of(w, index, scope)
w.writes.removed_timers[1] = member
w.waiting = w.waiting - 1
local code = Outcome.APPLIED

-- As at a termination: a restart makes the step ready again, with the input that it had.
local function hold()
  code = Outcome.HELD
  mark_cancelled(w, field, tonumber(activation), 0, kind)
end

-- The guard does not match: the input passes through the step, or to the end of the subflow.
local function skip()
  step[Dynamic.QUEUED], step[Dynamic.STARTED] = w.now, w.now
  if static[Static.KIND] == KindCode.SUBFLOW_START then
    step[Dynamic.STATE], step[Dynamic.ENDED] = StepState.SKIPPED, w.now
    trace(w, TraceKind.SKIP, field, tonumber(activation), 0)
    index = static[Static.PARTNER]
    local partner = step_of(w, index, scope)
    partner[Dynamic.ACTIVATIONS] = partner[Dynamic.ACTIVATIONS] + 1
    partner[Dynamic.QUEUED], partner[Dynamic.STARTED] = w.now, w.now
  end
  complete(w, index, scope, input, TraceKind.SKIP)
end

if w.state ~= WorkflowState.RUNNING then hold()
elseif action == 'run' then run(w, index, scope, input, tonumber(activation))
elseif action == 'fail' then
  -- No attempt is open: this one stands in for it and names the activation.
  local failed = {}
  failed[AttemptRecord.ACTIVATION] = tonumber(activation)
  failed[AttemptRecord.NUMBER] = kind == TimerKind.RETRY and step[Dynamic.ATTEMPTS] or 0
  fail(w, index, scope, failed, reason)
elseif action == 'skip' then skip()
else
  start_items(w, index, scope, items)
end
-- The input has been used, unless an attempt has it, or a restart runs the step again.
if code == Outcome.APPLIED and static[Static.LOOPED] == 1 and action ~= 'fail'
  and not (action == 'run' and is_task(static)) then
  w.writes.kept[input_name(static, field, activation)] = false
end
settle(w)
detect_stall(w)
commit(w)
return report(w, code)
