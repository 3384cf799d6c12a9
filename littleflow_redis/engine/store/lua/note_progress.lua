-- Note the progress of an open attempt, for people: its worker retries it, or reports a text.
-- Returns {code}: APPLIED, UNCHANGED, GONE, NEWER.
-- Race closed: a note that comes after the end of its attempt finds it closed. Nothing else depends on
-- a note, so a retry that is reported twice is only counted twice.
-- index: of the step.
-- retried: retries of its worker: '+' for one more than known, a number for at least so many, '' for
-- none.
--@keys workflow
--@args index token text retried
--@include attempt_start
local about = redis.call('HMGET', workflow, 'flow', 'version', 'state')
if not about[1] then return {Outcome.GONE} end
if tonumber(about[2]) > VERSION then return {Outcome.NEWER} end
local field = field_by_token(index, token)
local raw = redis.call('HGET', workflow .. S.steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, token)
if not attempt then return {Outcome.GONE} end
local known = attempt[AttemptRecord.NOTE] or {0, ''}
local retries = known[1]
if retried == '+' then retries = retries + 1
elseif retried ~= '' then retries = math.max(retries, tonumber(retried)) end
if retries == known[1] and text == known[2] then return {Outcome.UNCHANGED} end
local now = clock()
-- No holes: no array survives them.
attempt[AttemptRecord.WAIT] = attempt[AttemptRecord.WAIT] or false
attempt[AttemptRecord.NOTE] = {retries, text}
if attempt[AttemptRecord.TAKEN] == 0 then started(workflow, K.flow .. about[1], field, step, attempt, now) end
redis.call('HSET', workflow .. S.steps, field, cmsgpack.pack(step))
if retried ~= '' then
  trace_now(workflow, about[3], now, TraceKind.CELERY_RETRY, field, attempt, retries .. ': ' .. text)
end
return {Outcome.APPLIED}
