-- Terminate a workflow: what nobody works on is cancelled, what runs may end; a second call forces.
-- KEYS  workflow
-- ARGV  clock override or ''
-- Returns {code, state, reason}: APPLIED, STOPPING, UNCHANGED, UNKNOWN_WORKFLOW, NEWER.
-- Race closed: an end that arrives meanwhile is applied before or after, as a whole.
--@include base defaults stamp count workflow value input timers close handing fire iterate retry rest commit
local w = load_workflow(KEYS[1], clock(ARGV[1]))
if not w then return {Outcome.UNKNOWN_WORKFLOW, '', ''} end
if w.version > VERSION then return {Outcome.NEWER, '', ''} end
if w.state ~= 'RUNNING' and w.state ~= 'TERMINATING' then return {Outcome.UNCHANGED, '', ''} end
if w.state == 'TERMINATING' then conclude(w, 'TERMINATED')
else
  cancel(w, true)
  conclude(w, w.open == 0 and 'TERMINATED' or 'TERMINATING')
end
commit(w)
return report(w, w.state == 'TERMINATED' and Outcome.APPLIED or Outcome.STOPPING)
