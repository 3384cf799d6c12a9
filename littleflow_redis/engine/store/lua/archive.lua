-- Read everything that a workflow has, at one moment.
-- Returns {code}: UNKNOWN_WORKFLOW, NEWER, TOO_LARGE; or {APPLIED, now (ms), state, the workflow's own
-- fields, steps, items, timers and when they are due, outputs (field and JSON text), their types,
-- trace}.
-- Race closed: between several calls, an end could come into the outputs and not into the tokens. A
-- workflow restored from that would wait for ever, or run a step twice.
-- most: bytes that may be returned.
--@keys workflow
--@args most:number
--@include base
local version = redis.call('HGET', workflow, 'version')
if not version then return {Outcome.UNKNOWN_WORKFLOW} end
if tonumber(version) > VERSION then return {Outcome.NEWER} end

local steps, fields, keys, bytes = redis.call('HGETALL', workflow .. S.steps), {'-1'}, {}, 0
for i = 1, #steps, 2 do
  if string.match(steps[i], '^%d') then fields[#fields + 1] = steps[i] end
  bytes = bytes + #steps[i + 1]
end
for i, field in ipairs(fields) do
  keys[i] = workflow .. S.output .. field
  bytes = bytes + redis.call('STRLEN', keys[i])
end
local items, types = redis.call('HGETALL', workflow .. S.items), redis.call('HGETALL', workflow .. S.types)
for _, texts in ipairs({items, types}) do
  for i = 2, #texts, 2 do bytes = bytes + #texts[i] end
end
if bytes > most then return {Outcome.TOO_LARGE} end

local outputs = {}
each_value('MGET', nil, keys, function(i, text)
  if text then
    outputs[#outputs + 1] = fields[i]
    outputs[#outputs + 1] = text
  end
end)
local timers = {}
for _, member in ipairs(redis.call('SMEMBERS', workflow .. S.timers)) do
  timers[#timers + 1] = member
  timers[#timers + 1] = redis.call('ZSCORE', K.timers, member) or '0'
end
return {Outcome.APPLIED, clock(), redis.call('GET', workflow .. S.state), redis.call('HGETALL', workflow),
  steps, items, timers, outputs, types,
  redis.call('LRANGE', workflow .. S.trace, 0, -1)}
