-- A worker has received the message of a task that was published for a retry: it holds the attempt.
-- Returns {code, category}: APPLIED, GONE (the attempt is closed, or is no longer this task's),
-- TAKEN_BY_OTHER (a living process holds it, which has not yet noted that it was published, or runs it
-- because of another copy of the message).
-- One that must not run twice is left to who takes it over from a dead holder, and fails it.
-- Race closed: brokers deliver twice. Of several that hold one attempt, one gets it.
-- task: the id of the publication.
-- holder: the process.
--@keys workflow
--@args index token task holder
--@include attempt_start processes
local field = field_by_token(index, token)
local raw = redis.call('HGET', workflow .. S.steps, field)
local attempt = open_attempt(raw and cmsgpack.unpack(raw), token)
if not attempt or attempt[AttemptRecord.TASK] ~= task then return {Outcome.GONE} end
local publication = publication_of(attempt)
if not publication then return {Outcome.GONE} end
local owner = publication[PublicationRecord.OWNER]
if publication[PublicationRecord.STATE] == PublicationState.HELD
  and (owner == holder or is_alive(owner) or attempt[AttemptRecord.ONCE]) then
  return {Outcome.TAKEN_BY_OTHER}
end
publication[PublicationRecord.STATE], publication[PublicationRecord.OWNER] = PublicationState.HELD, holder
publication[PublicationRecord.SINCE] = clock()
redis.call('HSET', K.publications .. attempt[AttemptRecord.FLIGHT], task, cmsgpack.pack(publication))
return {Outcome.APPLIED, attempt[AttemptRecord.FLIGHT]}
