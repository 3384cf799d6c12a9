-- Restart a workflow where it stopped: failed and cancelled steps start again, held ones fire. From
-- named steps: they and all that follow from them begin anew.
-- Returns {code, state, reason, ready...}: APPLIED, UNCHANGED, UNKNOWN_WORKFLOW, NEWER.
-- Race closed: a new nonce. An end of an earlier attempt can only close that attempt, if it is still
-- open (it was claimed, and its task still runs), or none.
-- all: '1' to cancel running attempts too.
-- plan: msgpack, see lib/restart_plan.lua, or ''.
--@keys workflow
--@args nonce all plan
--@include transition restart_plan
local w = load_workflow(workflow, clock())
if not w then return {Outcome.UNKNOWN_WORKFLOW, '', ''} end
if w.version > VERSION then return {Outcome.NEWER, '', ''} end
local rerun_plan = plan ~= '' and cmsgpack.unpack(plan)
if w.state ~= WorkflowState.FAILED and w.state ~= WorkflowState.TERMINATED and not (rerun_plan and w.state == WorkflowState.FINISHED) then
  return {Outcome.UNCHANGED, '', ''}
end
w.state, w.nonce, w.restarted = WorkflowState.RUNNING, nonce, true
trace(w, WorkflowState.RUNNING, '', 0, 0, rerun_plan and 'restart from ' .. table.concat(rerun_plan.from, ', ') or 'restart')
-- Attempts that nobody claimed are closed and opened anew: their start-tasks may have been read, and
-- dropped, while the workflow did not run.
cancel_attempts(w, all ~= '1' and 'unpublished')
if rerun_plan then rewind(w, rerun_plan) end

-- The step's failed or cancelled activations. Records of an older version show them by the state alone.
local function owed_of(static, step)
  local owed, state = step[Dynamic.OWED] or {}, step[Dynamic.STATE]
  if #owed == 0 and (state == StepState.FAILED or state == StepState.CANCELLED) and #step[Dynamic.OPEN] == 0
    and step[Dynamic.ACTIVATIONS] > 0 then
    owed = {{step[Dynamic.ACTIVATIONS], kind_of(static, step, step[Dynamic.ATTEMPTS])}}
  end
  return owed
end

-- Runs these activations again, with a fresh budget of retries.
local function again(index, scope, step, owed)
  step[Dynamic.RETRIES], step[Dynamic.REQUEUES], step[Dynamic.REASON] = 0, 0, ''
  table.sort(owed, function(a, b) return a[1] < b[1] end)
  for _, each in ipairs(owed) do
    local activation, kind = each[1], each[2]
    step[Dynamic.STATE], step[Dynamic.ENDED] = StepState.RETRYING, w.now
    if kind ~= TimerKind.RETRY then step[Dynamic.STATE], step[Dynamic.QUEUED] = StepState.READY, w.now end
    local due = w.now + (kind == TimerKind.RETRY and 0 or READY_DUE)
    w.ready[#w.ready + 1] = set_step_timer(w, kind, field_of(index, scope), activation, due)
  end
  step[Dynamic.OWED] = {}
end

-- Goes on with an iteration. Its failed items start again by themselves.
local function go_on(index, scope, step)
  step[Dynamic.STATE], step[Dynamic.REASON], step[Dynamic.OWED] = StepState.RUNNING, '', {}
  local limit = static_of(w, index)[Static.CONCURRENCY]
  while step[Dynamic.NEXT] < step[Dynamic.ITEMS]
    and step[Dynamic.NEXT] - step[Dynamic.DONE] < limit do
    local number = step[Dynamic.NEXT]
    step[Dynamic.NEXT] = number + 1
    local field = field_of(index, item_scope(scope, number))
    start_item(w, index, scope, number, redis.call('HGET', w.key .. S.items, field))
  end
end

local function resume()
  local fields = {}
  for field in pairs(w.cache.steps) do fields[#fields + 1] = field end
  table.sort(fields)
  for _, field in ipairs(fields) do
    local index, scope = index_and_scope(field)
    local step, static = w.cache.steps[field], static_of(w, index)
    local owed = owed_of(static, step)
    local iterates = static[Static.FLAGS] >= Flag.ITERATE and not is_item(static, scope)
    if iterates and step[Dynamic.ITEMS] > step[Dynamic.DONE] then
      go_on(index, scope, step_of(w, index, scope))
    elseif #owed > 0 then
      again(index, scope, step_of(w, index, scope), owed)
    end
    w.arrived[#w.arrived + 1] = {index, scope}
  end
end

-- A workflow that was archived as FINISHED and restored has nothing left to do.
local last = w.cache.steps[tostring(w.last)]
if last and last[Dynamic.STATE] == StepState.ENDED then conclude(w, WorkflowState.FINISHED)
else
  resume()
  if rerun_plan then rerun(w, rerun_plan) end
  settle(w)
  detect_stall(w)
end
w.writes.fields = {'nonce', w.nonce}
redis.call('SADD', K.running, w.key)
commit(w)
sliced('HDEL', w.key .. S.steps, w.writes.removed_steps)
return report(w, Outcome.APPLIED)
