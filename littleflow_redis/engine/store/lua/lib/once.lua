-- Attempts that must not run twice (`$on-lost: fail`). `AttemptRecord.ONCE` marks them from their emission on.
--@include base

-- Whether an attempt may not run again, for it may have begun: it was claimed, or its start was reported.
local function may_have_run(attempt)
  local owner = attempt[AttemptRecord.OWNER]
  return attempt[AttemptRecord.ONCE] and owner ~= ENGINE and (owner ~= '' or attempt[AttemptRecord.TAKEN] > 0)
end
