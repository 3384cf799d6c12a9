-- What holds for the steps of a category that do not say it themselves; see defaults.py.

local function category_of(static)
  return string.match(cjson.decode(static[Static.BASE]), '^([^:]*):') or ''
end

-- What was set for the step's category, nil if nothing was. Read once per plan `w`.
local function defaults_of(w, static)
  if not w.defaults then
    w.defaults = {}
    local all = redis.call('HGETALL', K.defaults)
    for i = 1, #all, 2 do w.defaults[all[i]] = cmsgpack.unpack(all[i + 1]) end
  end
  return next(w.defaults) and w.defaults[category_of(static)] or nil
end

-- The step's own time in ms, else that of its category, else 0.
local function time_of(w, static, own, default)
  if static[own] > 0 then return static[own] end
  local set = defaults_of(w, static)
  return set and set[default] or 0
end

-- The step's own policy, else that of its category; empty if there is none.
local function retry_of(w, static)
  if #static[Static.RETRY] > 0 then return static[Static.RETRY] end
  local set = defaults_of(w, static)
  return set and set[Default.RETRY] or {}
end
