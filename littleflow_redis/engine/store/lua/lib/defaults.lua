-- Defaults by category, for steps that set nothing themselves; see defaults.py.

-- The category of a task's base (JSON text).
local function category_in(text)
  -- JSON text mostly has no escapes, and then needs no decoding.
  local base = string.match(text, '^"([^"\\]*)"$') or cjson.decode(text)
  return string.match(base, '^([^:]*):') or ''
end

local function category_of(static) return category_in(static[Static.BASE]) end

-- Read once per call.
local defaults

local function all_defaults()
  if not defaults then
    defaults = {}
    local all = redis.call('HGETALL', K.defaults)
    for i = 1, #all, 2 do defaults[all[i]] = cmsgpack.unpack(all[i + 1]) end
  end
  return defaults
end

-- The defaults of the step's category: those of a bridge that serves it, then those of a worker. The
-- first wins.
local function defaults_of(static)
  if not next(all_defaults()) then return nil, nil end
  local category = category_of(static)
  return defaults['bridge:' .. category], defaults[category]
end

-- The step's own time in ms, else its category's, else 0. The second value is true for a bridge's
-- default, which counts from the bridge's claim.
local function time_of(static, own, default)
  if static[own] > 0 then return static[own] end
  local bridge_s, worker_s = defaults_of(static)
  if bridge_s and bridge_s[default] > 0 then return bridge_s[default], true end
  return worker_s and worker_s[default] or 0
end

-- Whether an attempt of the step must not run twice.
local function runs_once(static)
  local own = static[Static.ON_LOST] or OnLost.UNSET
  if own == OnLost.UNSET then
    local bridge_s, worker_s = defaults_of(static)
    own = bridge_s and bridge_s[Default.ON_LOST] or OnLost.UNSET
    if own == OnLost.UNSET then own = worker_s and worker_s[Default.ON_LOST] end
  end
  return own == OnLost.FAIL
end

-- The step's own policy, else its category's. It is empty if there is none.
local function retry_of(static)
  if #static[Static.RETRY] > 0 then return static[Static.RETRY] end
  local bridge_s, worker_s = defaults_of(static)
  if bridge_s and #bridge_s[Default.RETRY] > 0 then return bridge_s[Default.RETRY] end
  return worker_s and worker_s[Default.RETRY] or {}
end
