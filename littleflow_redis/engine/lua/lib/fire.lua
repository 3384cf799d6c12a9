-- Firing steps: one call of `settle` runs a transition to where it waits for somebody outside.

-- Firings in one transition; more is a loop without a task in it, which the compiler refuses.
local MAX_FIRED = 200000
-- Successors of one step, and milliseconds until another worker fires a ready step.
local MAX_DEGREE, READY_DUE = 10000, 1000

local function fail(w, index, scope, attempt, reason, detail)
  local step = step_of(w, index, scope)
  step[Dynamic.STATE], step[Dynamic.ENDED], step[Dynamic.REASON] = 'failed', w.now, reason
  trace(w, 'fail', field_of(index, scope), step[Dynamic.ACTIVATIONS], attempt, detail or reason)
  if w.state == 'RUNNING' then conclude(w, 'FAILED', reason) end
end

-- The step is over with this output: give each successor its token.
local function complete(w, index, scope, text, what, attempt, detail)
  local field, step = field_of(index, scope), step_of(w, index, scope)
  local static = static_of(w, index)
  local successors = static[Static.SUCCESSORS]
  if #successors > MAX_DEGREE then
    return fail(w, index, scope, attempt, 'it has more than ' .. MAX_DEGREE .. ' successors')
  end
  if step[Dynamic.ENDED] == 0 then w.done = w.done + 1 end
  step[Dynamic.STATE], step[Dynamic.ENDED] = what == 'skip' and 'skipped' or 'ended', w.now
  w.outputs[field] = text
  w.stored[#w.stored + 1] = w.key .. S.output .. field
  w.stored[#w.stored + 1] = text
  trace(w, what, field, step[Dynamic.ACTIVATIONS], attempt, detail)
  if static[Static.KIND] == Kind.END then
    if w.state == 'RUNNING' then conclude(w, 'FINISHED') end
    return
  end
  prefetch(w, successors, scope)
  for _, successor in ipairs(successors) do
    local target = field_of(successor, scope)
    w.tokens[target] = w.tokens[target] + 1
    w.arrived[#w.arrived + 1] = {successor, scope}
  end
end

-- Open the next attempt of the step's activation; its start-task is written by `commit`.
local function emit(w, index, scope, text)
  local field, step = field_of(index, scope), step_of(w, index, scope)
  local number = step[Dynamic.ATTEMPTS] + 1
  local path = scope == '' and '' or '.' .. scope
  local token = string.format('%d.%d%s-%s', step[Dynamic.ACTIVATIONS], number, path, w.nonce)
  step[Dynamic.STATE], step[Dynamic.ATTEMPTS] = 'queued', number
  step[Dynamic.QUEUED], step[Dynamic.STARTED], step[Dynamic.REASON] = w.now, 0, ''
  local attempt = {token, step[Dynamic.ACTIVATIONS], number, '', w.now, '', 0, '', ''}
  table.insert(step[Dynamic.OPEN], attempt)
  w.open = w.open + 1
  -- Of a first attempt there can be no old output: `start` has seen to that.
  if number > 1 or step[Dynamic.ACTIVATIONS] > 1 then
    w.dropped[#w.dropped + 1] = w.key .. S.output .. field
  end
  w.emits[#w.emits + 1] = {index = index, field = field, attempt = attempt, input = text}
  trace(w, 'queue', field, step[Dynamic.ACTIVATIONS], number)
end

-- Run the step with its input: tasks are handed out, all else is over at once.
local function run(w, index, scope, text)
  local kind = static_of(w, index)[Static.KIND]
  if not text then
    fail(w, index, scope, 0, 'its inputs are larger than 64 MB together')
  elseif kind == Kind.TASK or kind == Kind.LOAD or kind == Kind.STORE then
    emit(w, index, scope, text)
  else
    local step = step_of(w, index, scope)
    step[Dynamic.QUEUED], step[Dynamic.STARTED] = w.now, w.now
    complete(w, index, scope, text, 'pass', 0)
  end
end

local function fire(w, index, scope)
  local static, step = static_of(w, index), step_of(w, index, scope)
  local field = field_of(index, scope)
  step[Dynamic.ACTIVATIONS], step[Dynamic.ATTEMPTS] = step[Dynamic.ACTIVATIONS] + 1, 0
  if static[Static.FLAGS] % 2 == Flag.READY then
    step[Dynamic.STATE] = 'ready'
    w.waiting = w.waiting + 1
    w.timers[#w.timers + 1] = w.now + READY_DUE
    w.timers[#w.timers + 1] = 'ready|' .. w.key .. '|' .. field .. '|' .. step[Dynamic.ACTIVATIONS]
    w.ready[#w.ready + 1] = field
    w.ready[#w.ready + 1] = step[Dynamic.ACTIVATIONS]
    trace(w, 'ready', field, step[Dynamic.ACTIVATIONS], 0)
  elseif static[Static.KIND] == Kind.LITERAL then
    run(w, index, scope, static[Static.VALUE])
  else
    run(w, index, scope, gather(w, index, scope))
  end
end

-- Fire whatever has its tokens. While the workflow does not run, tokens wait for a restart.
local function settle(w)
  local at = 1
  while w.arrived[at] and w.state == 'RUNNING' do
    local index, scope = w.arrived[at][1], w.arrived[at][2]
    local field, threshold = field_of(index, scope), static_of(w, index)[Static.THRESHOLD]
    while w.state == 'RUNNING' and w.tokens[field] >= threshold do
      w.tokens[field] = w.tokens[field] - threshold
      w.fired = w.fired + 1
      if w.fired > MAX_FIRED then return conclude(w, 'FAILED', 'a loop without a task in it') end
      fire(w, index, scope)
    end
    at = at + 1
  end
end
