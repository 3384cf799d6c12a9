-- Counters for monitoring, never reset: fields of K.counts, see metrics.py. The plan gathers them and
-- the commit writes them. Ends that share a call write them once.
--@include defaults

-- Fields at most: categories come from users' texts.
local MAX_FIELDS = 5000
local BUCKETS = Metric.BUCKETS
local counted, deferred = {}, false
local categories = {}

local function count(w, field, number)
  local counts = w.writes.counts
  counts[field] = (counts[field] or 0) + number
end

local function observe(w, name, label, ms)
  local bucket = 1
  ms = math.max(ms, 0)
  while BUCKETS[bucket] and ms > BUCKETS[bucket] do bucket = bucket + 1 end
  count(w, name .. ':' .. bucket .. ':' .. label, 1)
  count(w, name .. '-ms:' .. label, ms)
end

-- Changes by which an attempt is closed.
local COUNTED = {}
for _, kind in ipairs(TraceKind.CLOSING) do COUNTED[kind] = true end

-- Counts a closed attempt: how it ended, how long it was queued, and how long it ran.
local function count_attempt(w, what, static, number)
  local closed = w.writes.closed
  local attempt = closed[#closed]
  if not attempt or attempt[AttemptRecord.NUMBER] ~= number then return end
  local base = static[Static.BASE]
  local category = categories[base] or category_of(static)
  categories[base] = category
  count(w, 'step:' .. what .. ':' .. category, 1)
  if attempt[AttemptRecord.TAKEN] == 0 then return end
  observe(w, 'queue', category, attempt[AttemptRecord.TAKEN] - attempt[AttemptRecord.QUEUED])
  observe(w, 'run', category, w.now - attempt[AttemptRecord.TAKEN])
end

-- Counts are written once, at the end of a call that holds many transitions.
local function defer_counts() deferred = true end

local function write_counts()
  for field, number in pairs(counted) do
    if redis.call('HINCRBY', K.counts, field, number) == number
      and redis.call('HLEN', K.counts) > MAX_FIELDS then redis.call('HDEL', K.counts, field) end
  end
  counted = {}
end

-- Adds the counts of a plan that was written.
local function commit_counts(w)
  for field, number in pairs(w.writes.counts) do counted[field] = (counted[field] or 0) + number end
  if not deferred then write_counts() end
end
