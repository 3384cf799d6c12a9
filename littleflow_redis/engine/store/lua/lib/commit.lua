-- Writing a plan. Nothing below can fail after the first write: types were read before, and Redis
-- refuses for lack of memory only before a script's first write.
--@include base counters handing iso_time plan timers value

local NOTICES = {[WorkflowState.FINISHED] = EventKind.END_WORKFLOW,
  [WorkflowState.FAILED] = EventKind.FAILED_WORKFLOW, [WorkflowState.TERMINATED] = EventKind.TERMINATED_WORKFLOW}

local function notify(w, kind)
  redis.call('XADD', K.events, '*', 'kind', kind, 'apiVersion', '"v1"',
    'at', iso_time(w.now), 'workflow', '"' .. w.key .. '"')
end

-- How many finished steps this one counts for. The end of a per-item subflow also counts the steps
-- inside it.
local function done_in(w, field, state)
  if not DONE[state] then return 0 end
  local static = static_of(w, tonumber(field))
  if static[Static.KIND] ~= KindCode.SUBFLOW_END or static[Static.FLAGS] < Flag.ITERATE then return 1 end
  return tonumber(field) - static[Static.PARTNER]
end

local function count_done(w, field, before)
  local state = w.cache.steps[field][Dynamic.STATE]
  if state ~= before and not string.find(field, '@', 1, true) then
    w.done = w.done + done_in(w, field, state) - done_in(w, field, before)
  end
end

local function write_steps(w)
  local cache, writes, sets, drops = w.cache, w.writes, {}, {}
  for field, before in pairs(writes.changed) do
    sets[#sets + 1] = field
    sets[#sets + 1] = cmsgpack.pack(cache.steps[field])
    count_done(w, field, before)
  end
  for field, count in pairs(cache.tokens) do
    if count ~= cache.tokens_before[field] then
      if count == 0 then drops[#drops + 1] = 't' .. field
      else sets[#sets + 1] = 't' .. field; sets[#sets + 1] = count end
    end
  end
  for field, count in pairs(cache.backs) do
    if count == 0 then drops[#drops + 1] = 'b' .. field
    else sets[#sets + 1] = 'b' .. field; sets[#sets + 1] = count end
  end
  sliced('HSET', w.key .. S.steps, sets)
  sliced('HDEL', w.key .. S.steps, drops)
  local items, removed = writes.items, writes.removed_items
  for name, text in pairs(writes.kept) do
    if text then items[#items + 1] = name; items[#items + 1] = text
    else removed[#removed + 1] = name end
  end
  sliced('HSET', w.key .. S.items, items)
  sliced('HDEL', w.key .. S.items, removed)
end

local function write_start_task(w, at, e)
  local static, input, types = static_of(w, e.index), parts_of(e.input)
  local fields = {'kind', EventKind.START_TASK, 'apiVersion', '"v1"', 'at', at,
    'workflow', '"' .. w.key .. '"', 'index', e.index, 'name', static[Static.NAME],
    'base', static[Static.BASE], 'parameters', static[Static.PARAMETERS],
    'token', '"' .. e.attempt[AttemptRecord.TOKEN] .. '"', 'input', input}
  if types ~= '' then fields[#fields + 1] = 'types'; fields[#fields + 1] = types end
  if w.version > 1 then fields[#fields + 1] = 'bind'; fields[#fields + 1] = '"auto"' end
  if static[Static.BEGINS] == 1 then fields[#fields + 1] = 'begins'; fields[#fields + 1] = 'true' end
  local options = options_of(static, e.attempt)
  if options ~= '' then
    fields[#fields + 1] = 'options'
    fields[#fields + 1] = options
  end
  return redis.call('XADD', K.events, '*', unpack(fields))
end

-- The address by which an open attempt is found from its start-task.
local function address(w, field, attempt)
  return w.key .. '|' .. field .. '|' .. attempt[AttemptRecord.TOKEN]
end

-- The attempt waits for no event any more. A shape stays in use while the mailbox is indexed under it.
local function stop_waiting(w, attempt)
  local wait = attempt[AttemptRecord.WAIT]
  if not wait or wait[Wait.DIGEST] == '' then return end
  redis.call('ZREM', K.waiters,
    wait[Wait.DIGEST] .. '|' .. mark_of(w.key) .. '|' .. attempt[AttemptRecord.EVENT])
  local kind, shape = K.kind .. wait[Wait.KIND], wait[Wait.SHAPE]
  if redis.call('HINCRBY', kind, shape, -1) <= 0 and redis.call('HEXISTS', kind, 'mail') == 0 then
    redis.call('HDEL', kind, shape)
  end
end

-- Whether workers that run tasks themselves look after this one. The holder asks for it again and again.
-- If it is with the broker for a retry, the receiver of the message finds the attempt closed.
local function is_of_workers(w, task, flight)
  if flight[PublicationRecord.STATE] == PublicationState.HELD then return true end
  local index = string.match(flight[PublicationRecord.STEP], '^%d+')
  return not flight[PublicationRecord.FOLLOWS] and task == task_uuid(w.key, index, flight[PublicationRecord.TOKEN])
end

-- Nobody waits for this task any more. Unless its own end closed the attempt, it may still be queued or
-- run: a bridge revokes it.
local function drop_publication(w, attempt)
  local flights, task = K.publications .. attempt[AttemptRecord.FLIGHT], attempt[AttemptRecord.TASK]
  local raw = attempt ~= w.answered and redis.call('HGET', flights, task)
  if raw then
    local flight = cmsgpack.unpack(raw)
    if not is_of_workers(w, task, flight) then
      flight[PublicationRecord.STATE], flight[PublicationRecord.SINCE] = PublicationState.CLOSED, w.now
      redis.call('HSET', K.abandoned_publications .. attempt[AttemptRecord.FLIGHT], task, cmsgpack.pack(flight))
    end
  end
  redis.call('HDEL', flights, task)
end

local function write_closed(w)
  local forgotten = {}
  for _, attempt in ipairs(w.writes.closed) do
    -- An attempt that was handed over has no start-task.
    if attempt[AttemptRecord.EVENT] ~= '' then forgotten[#forgotten + 1] = attempt[AttemptRecord.EVENT] end
    stop_waiting(w, attempt)
    if attempt[AttemptRecord.TASK] ~= '' then drop_publication(w, attempt) end
  end
  sliced('HDEL', K.open_attempts, forgotten)
end

local function write_start_tasks(w)
  local start_tasks = w.writes.start_tasks
  if #start_tasks == 0 then return end
  local known, at = {}, iso_time(w.now)
  for _, e in ipairs(start_tasks) do
    e.attempt[AttemptRecord.EVENT] = write_start_task(w, at, e)
    known[#known + 1] = e.attempt[AttemptRecord.EVENT]
    known[#known + 1] = address(w, e.field, e.attempt)
  end
  sliced('HSET', K.open_attempts, known)
end

-- Plans the writes of a new state that share a command with others.
local function plan_state(w)
  store(w, S.state, w.state)
  local fields = {'state', w.state, 'reason', w.reason or '', 'ended', NOTICES[w.state] and w.now or 0}
  local all = w.writes.fields
  for _, each in ipairs(fields) do all[#all + 1] = each end
end

local function write_state(w)
  if NOTICES[w.state] then
    count(w, 'state:' .. w.state, 1)
    observe(w, 'workflow', w.state, w.now - w.created)
  end
  if not w.fresh then redis.call('ZREM', K.index .. ':' .. w.before, w.key) end
  redis.call('ZADD', K.index .. ':' .. w.state, w.created, w.key)
  if NOTICES[w.before] then redis.call('ZREM', K.ended .. w.before, w.key) end
  if NOTICES[w.state] then
    redis.call('ZADD', K.ended .. w.state, w.now, w.key)
    redis.call('SREM', K.running, w.key)
    notify(w, NOTICES[w.state])
    redis.call('PUBLISH', K.done .. w.key, w.state)
  end
end

-- Whether the state is another one, or the one that a restart had left and that is reached again.
local function has_moved(w) return w.restarted or w.state ~= w.before end

local function commit(w)
  local moved, writes = has_moved(w), w.writes
  if moved then plan_state(w) end
  -- A step that begins anew may end at once and store its output again. An attempt that is handed over
  -- must not find the output of the one before.
  sliced('UNLINK', nil, writes.unlinked_before)
  sliced('MSET', nil, writes.texts)
  sliced('UNLINK', nil, writes.unlinked_after)
  write_closed(w)
  write_start_tasks(w)
  write_handed(w)
  write_types(w)
  write_steps(w)
  local timers = writes.timers
  sliced('ZADD', K.timers, timers)
  for i = 2, #timers, 2 do redis.call('SADD', w.key .. S.timers, timers[i]) end
  write_removed_timers(w)
  sliced('RPUSH', w.key .. S.trace, writes.trace)
  redis.call('HSET', w.key, 'open', w.open, 'waiting', w.waiting, 'done', w.done, unpack(writes.fields))
  if moved then write_state(w) end
  commit_counts(w)
  feed(w.key, w.state, table.concat(writes.trace))
end

-- The reply: the code, the state if it changed, its reason, the timer of each step that waits for
-- Python, and each attempt that was handed over.
local function report(w, code)
  return handed_of(w, {code, has_moved(w) and w.state or '', w.reason or '',
    unpack(w.ready, 1, math.min(#w.ready, SLICE))})
end
