-- Iteration: a step, or a whole subflow, runs once per item of its input list. The step's own record
-- counts the items. Each item has its own scope: the step's scope and the item's number.
--@include fire_step input plan value

local function item_scope(scope, number)
  return scope == '' and tostring(number) or scope .. '.' .. number
end

-- Starts the item `number` (from 0): a task gets an attempt, a subflow the output of its start.
local function start_item(w, index, scope, number, text)
  local inner, parent = item_scope(scope, number), step_of(w, index, scope)
  local step = step_of(w, index, inner)
  step[Dynamic.ACTIVATIONS], step[Dynamic.ATTEMPTS] = parent[Dynamic.ACTIVATIONS], 0
  if static_of(w, index)[Static.KIND] == KindCode.TASK then return emit(w, index, inner, text) end
  step[Dynamic.STATE], step[Dynamic.QUEUED], step[Dynamic.STARTED] = StepState.ENDED, w.now, w.now
  step[Dynamic.ENDED] = w.now
  store_output(w, field_of(index, inner), text)
  pass_tokens(w, index, inner)
end

-- Begins an iteration over these items (JSON texts): all are stored, the first of them start.
local function start_items(w, index, scope, items)
  local static, step, stored = static_of(w, index), step_of(w, index, scope), w.writes.items
  step[Dynamic.STATE], step[Dynamic.QUEUED], step[Dynamic.STARTED] = StepState.RUNNING, w.now, w.now
  local first = math.min(#items, static[Static.CONCURRENCY])
  step[Dynamic.ITEMS], step[Dynamic.NEXT], step[Dynamic.DONE] = #items, first, 0
  trace(w, TraceKind.ITEMS, field_of(index, scope), step[Dynamic.ACTIVATIONS], 0, tostring(#items))
  for number = 0, #items - 1 do
    local text = items[number + 1]
    stored[#stored + 1] = field_of(index, item_scope(scope, number))
    stored[#stored + 1] = text
    if number < first then start_item(w, index, scope, number, text) end
  end
end

-- All items have ended: their outputs, in the items' order, are the output of the iteration.
local function gather_items(w, index, last, scope, count)
  local values, fields, places = {}, {}, {}
  local outputs, removed = w.cache.outputs, w.writes.removed_items
  for number = 0, count - 1 do
    local inner = item_scope(scope, number)
    removed[#removed + 1] = field_of(index, inner)
    values[number + 1] = outputs[field_of(last, inner)]
    if not values[number + 1] then
      fields[#fields + 1] = field_of(last, inner)
      places[#fields] = number + 1
    end
  end
  each_output(w, fields, function(i, value) values[places[i]] = value or '{}' end)
  for _, value in ipairs(values) do w.gathered = w.gathered + #value end
  if w.gathered > Limit.GATHERED then return nil end
  return list_of(values)
end

-- An item's last step has ended: the next item starts, or the iteration ends.
item_done = function(w, last, inner)
  local static = static_of(w, last)
  local index = static[Static.KIND] == KindCode.SUBFLOW_END and static[Static.PARTNER] or last
  local scope = string.match(inner, '^(.*)%.%d+$') or ''
  local step = step_of(w, index, scope)
  step[Dynamic.DONE] = step[Dynamic.DONE] + 1
  if w.state == WorkflowState.RUNNING and step[Dynamic.NEXT] < step[Dynamic.ITEMS] then
    local number = step[Dynamic.NEXT]
    step[Dynamic.NEXT] = number + 1
    local field = field_of(index, item_scope(scope, number))
    start_item(w, index, scope, number, redis.call('HGET', w.key .. S.items, field))
  end
  if step[Dynamic.DONE] < step[Dynamic.ITEMS] then return end
  local text = gather_items(w, index, last, scope, step[Dynamic.ITEMS])
  if not text then
    return fail(w, last, scope, nil, 'the outputs of its items are larger than 64 MB together')
  end
  if last ~= index then
    step[Dynamic.STATE], step[Dynamic.ENDED] = StepState.ENDED, w.now
    local closing = step_of(w, last, scope)
    closing[Dynamic.ACTIVATIONS] = closing[Dynamic.ACTIVATIONS] + 1
    closing[Dynamic.QUEUED], closing[Dynamic.STARTED] = w.now, w.now
  end
  complete(w, last, scope, text, TraceKind.END)
  w.arrived[#w.arrived + 1] = {index, scope}
end
