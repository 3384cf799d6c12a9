-- Firing steps: one call of `settle` runs a transition until it waits for the world outside.
--@include close_attempt defaults handing input plan timers value

-- Milliseconds until another worker fires a ready step.
local READY_DUE = 1000

local complete

-- The output that a failure is under `$on-failure: continue`.
local function failure_output(w, index, reason, detail)
  local known, error = pcall(cjson.decode, detail or '')
  error = known and type(error) == 'table' and error.error or {}
  return string.format('{"error":{"type":%s,"message":%s,"step":%s}}',
    cjson.encode(error.type or 'Error'), cjson.encode(error.message or reason),
    static_of(w, index)[Static.NAME])
end

-- The closed attempt's activation and number; without an attempt, the step's latest activation.
local function which(step, attempt)
  return attempt and attempt[AttemptRecord.ACTIVATION] or step[Dynamic.ACTIVATIONS],
    attempt and attempt[AttemptRecord.NUMBER] or 0
end

-- Writes a change of the step to the trace.
local function trace_step(w, what, field, step, attempt, detail)
  local activation, number = which(step, attempt)
  trace(w, what, field, activation, number, detail)
end

-- The kind of the timer that begins a failed activation again. Without an attempt, the activation is
-- decided anew.
local function kind_of(static, step, number)
  if number > 0 or static[Static.FLAGS] % 2 ~= Flag.READY then return TimerKind.RETRY end
  return step[Dynamic.ROUND] == 1 and TimerKind.ROUND or TimerKind.READY
end

-- The step fails. `attempt` is the one that was closed, nil if there was none.
local function fail(w, index, scope, attempt, reason, detail)
  local step = step_of(w, index, scope)
  if static_of(w, index)[Static.CONTINUE] == 1 then
    step[Dynamic.REASON] = reason
    return complete(w, index, scope, failure_output(w, index, reason, detail), TraceKind.CONTINUE, attempt,
      detail or reason)
  end
  step[Dynamic.STATE], step[Dynamic.ENDED], step[Dynamic.REASON] = StepState.FAILED, w.now, reason
  trace_step(w, TraceKind.FAIL, field_of(index, scope), step, attempt, detail or reason)
  -- A restart goes on with the items of an iteration that have not ended.
  if step[Dynamic.ITEMS] == step[Dynamic.DONE] then
    local activation, number = which(step, attempt)
    owe(step, activation, kind_of(static_of(w, index), step, number))
  end
  if is_item(static_of(w, index), scope) then
    local outer, item = string.match(scope, '^(.-)%.?(%d+)$')
    local static = static_of(w, index)
    local control = static[Static.KIND] == KindCode.SUBFLOW_END and static[Static.PARTNER] or index
    return fail(w, control, outer, nil, 'item ' .. item .. ': ' .. reason)
  end
  if w.state == WorkflowState.RUNNING then conclude(w, WorkflowState.FAILED, reason) end
end

local function pass_tokens(w, index, scope)
  local successors = static_of(w, index)[Static.SUCCESSORS]
  prefetch(w, successors, scope)
  local backs, tokens, arrived = w.cache.backs, w.cache.tokens, w.arrived
  for _, successor in ipairs(successors) do
    local target = field_of(successor, scope)
    if leads_back(w, index, successor) then backs[target] = backs_of(w, target) + 1
    else tokens[target] = tokens[target] + 1 end
    arrived[#arrived + 1] = {successor, scope}
  end
end

local item_done -- of iterate.lua

-- The step ends with this output: each successor gets its token. `attempt` as in `fail`.
complete = function(w, index, scope, text, what, attempt, detail)
  local field, step = field_of(index, scope), step_of(w, index, scope)
  local static = static_of(w, index)
  if #static[Static.SUCCESSORS] > Limit.SUCCESSORS then
    step[Dynamic.STATE], step[Dynamic.ENDED] = StepState.FAILED, w.now
    return conclude(w, WorkflowState.FAILED, 'a step has more than ' .. Limit.SUCCESSORS .. ' successors')
  end
  step[Dynamic.STATE], step[Dynamic.ENDED] = what == TraceKind.SKIP and StepState.SKIPPED or StepState.ENDED, w.now
  store_output(w, field, text)
  if static[Static.LOOPED] == 1 then
    local kept = w.writes.kept
    kept['o' .. field] = false
    if attempt then kept[input_name(static, field, attempt[AttemptRecord.ACTIVATION])] = false end
  end
  trace_step(w, what, field, step, attempt, detail)
  if static[Static.KIND] == KindCode.END then
    if w.state == WorkflowState.RUNNING then conclude(w, WorkflowState.FINISHED) end
  elseif is_item(static, scope) then item_done(w, index, scope)
  else pass_tokens(w, index, scope) end
end

-- Opens the next attempt of an activation: the step's latest, or the given one if another has begun
-- since. `commit` writes its start-task.
local function emit(w, index, scope, text, activation)
  local field, step = field_of(index, scope), step_of(w, index, scope)
  local number, latest = step[Dynamic.ATTEMPTS] + 1, step[Dynamic.ACTIVATIONS]
  local path = scope == '' and '' or '.' .. scope
  activation = activation or latest
  local token = string.format('%d.%d%s-%s', activation, number, path, w.nonce)
  -- Attempts are counted for the latest activation, so an earlier one may have had this number before.
  if activation ~= latest then token = token .. '-' .. latest end
  step[Dynamic.STATE], step[Dynamic.ATTEMPTS] = StepState.QUEUED, number
  step[Dynamic.QUEUED], step[Dynamic.STARTED], step[Dynamic.REASON] = w.now, 0, ''
  local attempt = {token, activation, number, '', w.now, '', 0, '', '', {}, 0}
  local static, e = static_of(w, index), {index = index, field = field, attempt = attempt, input = text}
  if runs_once(static) then
    -- No holes: no array survives them.
    attempt[AttemptRecord.WAIT], attempt[AttemptRecord.NOTE], attempt[AttemptRecord.ONCE] = false, false, ''
  end
  -- Until the attempt is started only the queue's clock runs, if there is one.
  local clocked, limit = TimerKind.QUEUE, time_of(static, Static.QUEUE_TIMEOUT, Default.QUEUE_TIMEOUT)
  local handed = hand_over(w, static, step, e, limit > 0)
  local later = false
  if limit == 0 then
    clocked, limit, later = TimerKind.TIMEOUT, time_of(static, Static.TIMEOUT, Default.TIMEOUT)
  end
  if limit > 0 and (handed or not later) then
    attempt[AttemptRecord.TIMERS][1] = set_timer(w, timer(clocked, w, field, token), w.now + limit)
  end
  table.insert(step[Dynamic.OPEN], attempt)
  w.open = w.open + 1
  -- A first attempt finds no old output: `start` has removed them.
  if number > 1 or latest > 1 then
    if number == 1 and static[Static.LOOPED] == 1 then keep_output(w, field) end
    drop_output(w, field, w.writes.unlinked_after)
  end
  -- Only the trace keeps the task's id longer than its publication.
  trace(w, TraceKind.QUEUE, field, activation, number, attempt[AttemptRecord.TASK])
  if handed then
    local detail = w.serving.detail .. attempt[AttemptRecord.TASK] .. '"}'
    trace(w, TraceKind.TAKE, field, activation, number, detail)
  else
    local start_tasks = w.writes.start_tasks
    start_tasks[#start_tasks + 1] = e
  end
end

local function is_task(static)
  local kind = static[Static.KIND]
  return kind == KindCode.TASK or kind == KindCode.LOAD or kind == KindCode.STORE
end

-- Runs the step with its input: tasks are handed out, all other steps end at once. `activation` as in
-- `emit`.
local function run(w, index, scope, text, activation)
  if not text then
    fail(w, index, scope, nil, 'its inputs are larger than 64 MB together')
  elseif is_task(static_of(w, index)) then emit(w, index, scope, text, activation)
  else
    local step = step_of(w, index, scope)
    step[Dynamic.QUEUED], step[Dynamic.STARTED] = w.now, w.now
    complete(w, index, scope, text, TraceKind.PASS)
  end
end

-- Fires the step with its tokens; in a `round`, with those that came back.
local function fire_step(w, index, scope, round)
  local static, step = static_of(w, index), step_of(w, index, scope)
  local field, ready = field_of(index, scope), static[Static.FLAGS] % 2 == Flag.READY
  step[Dynamic.ACTIVATIONS], step[Dynamic.ATTEMPTS] = step[Dynamic.ACTIVATIONS] + 1, 0
  step[Dynamic.RETRIES], step[Dynamic.REQUEUES], step[Dynamic.ROUND] = 0, 0, round and 1 or 0
  local looped, waits = static[Static.LOOPED] == 1, ready or is_task(static)
  local name, kept = input_name(static, field, step[Dynamic.ACTIVATIONS]), w.writes.kept
  -- An input given at a restart holds for one activation and its retries.
  local given = w.given[field] or looped and kept_input(w, name)
  if looped and waits and not given then
    given = gather(w, index, scope, round)
    if not given then return run(w, index, scope, nil) end
  end
  if given then kept[name] = given
  elseif step[Dynamic.ACTIVATIONS] > 1 then kept['i' .. field] = false end
  if ready then
    step[Dynamic.STATE], step[Dynamic.QUEUED] = StepState.READY, w.now
    w.ready[#w.ready + 1] = set_step_timer(w, round and TimerKind.ROUND or TimerKind.READY, field,
      step[Dynamic.ACTIVATIONS], w.now + READY_DUE)
    trace(w, TraceKind.READY, field, step[Dynamic.ACTIVATIONS], 0)
  elseif static[Static.KIND] == KindCode.LITERAL then
    run(w, index, scope, given or static[Static.VALUE])
  else
    run(w, index, scope, given or gather(w, index, scope, round))
  end
  -- Inputs are kept only for activations that have not ended.
  if looped and not waits and step[Dynamic.STATE] ~= StepState.FAILED then kept[name] = false end
end

-- Whether the step may open another activation. Without room its tokens wait until one has ended.
local function has_room(static, step)
  if static[Static.FLAGS] >= Flag.ITERATE and static[Static.KIND] ~= KindCode.SUBFLOW_END then
    return (step[Dynamic.ITEMS] or 0) == (step[Dynamic.DONE] or 0) and step[Dynamic.STATE] ~= StepState.READY
  end
  return #step[Dynamic.OPEN] < static[Static.CONCURRENCY]
end

-- Keeps the sources' present outputs for firings that have no room or wait for a restart: the sources
-- may run again before.
local function keep_inputs(w, index, scope)
  local field, static = field_of(index, scope), static_of(w, index)
  local latest = w.cache.steps[field][Dynamic.ACTIVATIONS]
  for ahead = math.floor(w.cache.tokens[field] / static[Static.THRESHOLD]), 1, -1 do
    local name = input_name(static, field, latest + ahead)
    if kept_input(w, name) then return end
    w.writes.kept[name] = gather(w, index, scope)
  end
end

-- Fires every step that has its tokens. While the workflow does not run, tokens wait for a restart.
local function settle(w)
  local at, arrived = 1, w.arrived
  local steps, tokens, backs = w.cache.steps, w.cache.tokens, w.cache.backs
  while arrived[at] and w.state ~= WorkflowState.FINISHED and w.state ~= WorkflowState.TERMINATED do
    local index, scope = arrived[at][1], arrived[at][2]
    local field, static = field_of(index, scope), static_of(w, index)
    local edges, step = #static[Static.BACK], steps[field]
    while w.state == WorkflowState.RUNNING and has_room(static, step) do
      local round = edges > 0 and backs_of(w, field) >= edges
      if round then backs[field] = backs[field] - edges
      elseif tokens[field] >= static[Static.THRESHOLD] then
        tokens[field] = tokens[field] - static[Static.THRESHOLD]
      else break end
      w.fired = w.fired + 1
      if w.fired > Limit.FIRED then return conclude(w, WorkflowState.FAILED, 'a loop without a task in it') end
      fire_step(w, index, scope, round)
    end
    if static[Static.LOOPED] == 1 and edges == 0 and w.state ~= WorkflowState.FINISHED then
      keep_inputs(w, index, scope)
    end
    at = at + 1
  end
end
