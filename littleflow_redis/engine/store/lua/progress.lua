-- Note how far an open attempt has come, for people: that its worker tries it again, or what it says.
-- KEYS  workflow
-- ARGV  index of the step, token, text, retries of its worker ('+' one more than known, a number: at
--       least so many, '' if it says nothing of them), clock override or ''
-- Returns {code}: APPLIED, UNCHANGED, GONE, NEWER.
-- Race closed: what comes after the end of its attempt finds it closed. Nothing else hangs on a note,
-- so a retry that is told twice is only counted twice.
--@include base defaults queue sign
local about = redis.call('HMGET', KEYS[1], 'flow', 'version', 'state')
if not about[1] then return {Outcome.GONE} end
if tonumber(about[2]) > VERSION then return {Outcome.NEWER} end
local scope = string.match(ARGV[2], '^%d+%.%d+%.([%d.]+)%-')
local field = scope and ARGV[1] .. '@' .. scope or ARGV[1]
local raw = redis.call('HGET', KEYS[1] .. S.steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, ARGV[2])
if not attempt then return {Outcome.GONE} end
local known = attempt[AttemptRecord.NOTE] or {0, ''}
local retries = known[1]
if ARGV[4] == '+' then retries = retries + 1
elseif ARGV[4] ~= '' then retries = math.max(retries, tonumber(ARGV[4])) end
if retries == known[1] and ARGV[3] == known[2] then return {Outcome.UNCHANGED} end
local now = clock(ARGV[5])
-- Without holes, which no array survives.
attempt[AttemptRecord.WAIT] = attempt[AttemptRecord.WAIT] or false
attempt[AttemptRecord.NOTE] = {retries, ARGV[3]}
if attempt[AttemptRecord.TAKEN] == 0 then started(KEYS[1], K.flow .. about[1], field, step, attempt, now) end
redis.call('HSET', KEYS[1] .. S.steps, field, cmsgpack.pack(step))
if ARGV[4] ~= '' then
  note(KEYS[1], about[3], now, 'celery-retry', field, attempt, retries .. ': ' .. ARGV[3])
end
return {Outcome.APPLIED}
