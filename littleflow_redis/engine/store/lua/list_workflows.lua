-- List entries of indexes of workflows, merged by time, from a cursor on.
-- Returns {1 if these were not the last, id, time, name or ''...}.
-- Race closed: ranks move while workflows start; here they are those of one moment. The cursor names an
-- entry, not a rank, so no entry is shown twice or passed over.
-- order: asc or desc.
-- earliest, latest: times in ms, -inf and +inf for none.
-- after, after_id: time and id to go on after, '' for the beginning.
-- most: entries.
-- named: '1' to return names too.
--@keys indexes...
--@args order earliest latest after:number after_id most:number named
local descending = order == 'desc'
local PAGE = math.min(most + 1, 500)
local range, rank_of = 'ZRANGE', 'ZRANK'
if descending then range, rank_of = 'ZREVRANGE', 'ZREVRANK' end

-- Whether a comes before b in the order asked for.
local function before(a_time, a_id, b_time, b_id)
  if a_time ~= b_time then return (a_time < b_time) ~= descending end
  return a_id ~= b_id and (a_id < b_id) ~= descending
end

-- How many entries of an index lie before this time.
local function count_before(key, time)
  if descending then return redis.call('ZCOUNT', key, '(' .. time, '+inf') end
  return redis.call('ZCOUNT', key, '-inf', '(' .. time)
end

local function refill(source)
  source.page = redis.call(range, source.key, source.rank, source.rank + PAGE - 1, 'WITHSCORES')
  source.rank, source.at = source.rank + PAGE, 1
end

local function advance(source)
  source.at = source.at + 2
  if source.at > #source.page then refill(source) end
end

local function head(source)
  local id, time = source.page[source.at], tonumber(source.page[source.at + 1])
  if not id or (descending and earliest ~= '-inf' and time < tonumber(earliest))
    or (not descending and latest ~= '+inf' and time > tonumber(latest)) then return nil end
  return time, id
end

local function first_rank(key)
  local bound, rank = descending and latest or earliest, 0
  if tonumber(bound) then rank = count_before(key, bound) end
  if not after then return rank end
  local there = redis.call('ZSCORE', key, after_id)
  if there and tonumber(there) == after then return redis.call(rank_of, key, after_id) + 1 end
  return math.max(rank, count_before(key, string.format('%.17g', after)))
end

local sources = {}
for i, key in ipairs(indexes) do
  local source = {key = key, rank = first_rank(key)}
  refill(source)
  -- Entries of the cursor's time that come before it were passed already.
  local time, id = head(source)
  while id and after and not before(after, after_id, time, id) do
    advance(source)
    time, id = head(source)
  end
  sources[i] = source
end

local function next_source()
  local best, best_time, best_id
  for _, source in ipairs(sources) do
    local time, id = head(source)
    if id and (not best or before(time, id, best_time, best_id)) then
      best, best_time, best_id = source, time, id
    end
  end
  return best, best_time, best_id
end

local found = {0}
for _ = 1, most do
  local source, _, id = next_source()
  if not source then return found end
  found[#found + 1] = id
  found[#found + 1] = source.page[source.at + 1]
  found[#found + 1] = named == '1' and redis.call('HGET', id, 'name') or ''
  advance(source)
end
if next_source() then found[1] = 1 end
return found
