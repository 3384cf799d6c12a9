-- Record that an attempt was started without a claim: a listener sent a receipt, or a Celery worker
-- stored the state STARTED.
-- Returns {code}: APPLIED, GONE, UNCHANGED (its start was reported before), NEWER. All but NEWER
-- acknowledge the receipt.
-- Race closed: a report that comes after the end of its attempt finds it closed.
-- Each report stands by itself; many share a call.
-- index: of the step.
-- receipt, group: the receipt that is acknowledged, '' for none.
-- worker: for people.
--@keys workflow
--@each index token receipt group worker
--@include attempt_start
local about = redis.call('HMGET', workflow, 'flow', 'version', 'state')
local flow = about[1]
if flow and tonumber(about[2]) > VERSION then return {Outcome.NEWER} end
local field = field_by_token(index, token)
local raw = flow and redis.call('HGET', workflow .. S.steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, token)

local function done(code)
  if receipt ~= '' then redis.call('XACK', K.events, group, receipt) end
  return {code}
end

if not attempt then return done(Outcome.GONE) end
if attempt[AttemptRecord.TAKEN] > 0 then return done(Outcome.UNCHANGED) end
local now = clock()
started(workflow, K.flow .. flow, field, step, attempt, now)
redis.call('HSET', workflow .. S.steps, field, cmsgpack.pack(step))
trace_now(workflow, about[3], now, TraceKind.TAKE, field, attempt, worker)
return done(Outcome.APPLIED)
