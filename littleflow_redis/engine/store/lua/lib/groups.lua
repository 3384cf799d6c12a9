-- The consumer groups of the stream, each with its fields by name. `read` is the last id that it has
-- read.
local function groups_of_stream()
  local groups = {}
  for i, info in ipairs(redis.call('XINFO', 'GROUPS', K.events)) do
    local group = {}
    for j = 1, #info, 2 do group[info[j]] = info[j + 1] end
    group.read = group['last-delivered-id']
    groups[i] = group
  end
  return groups
end
