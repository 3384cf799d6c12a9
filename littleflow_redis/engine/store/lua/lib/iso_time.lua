-- Texts by time: a call has one time and writes it often.
local stamped = {}

-- The ISO 8601 text of a time in ms, as JSON text, for display only. (Redis has no os.date.) Civil date
-- from days: H. Hinnant, "chrono-compatible low-level date algorithms".
local function iso_time(ms)
  if stamped[ms] then return stamped[ms] end
  local seconds = math.floor(ms / 1000)
  local z = math.floor(seconds / 86400) + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524)
    - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local rest = seconds % 86400
  stamped[ms] = string.format('"%04d-%02d-%02dT%02d:%02d:%02d.%03d+00:00"', year, month, day,
    math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60, ms % 1000)
  return stamped[ms]
end
