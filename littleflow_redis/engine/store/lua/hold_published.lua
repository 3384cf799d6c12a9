-- A worker has received the message of a task that was published for a retry: it holds the attempt.
-- Returns {code, category}: APPLIED, GONE (the attempt is closed, is no longer this task's, or results end
-- it, for another copy of the message has run), TAKEN_BY_OTHER (a living process holds it, which has not
-- yet noted that it was published, or runs it because of another copy of the message; or its start-task
-- waits in the stream).
-- One that must not run twice is left to who takes it over from a dead holder, and fails it.
-- Race closed: brokers deliver twice. Of several that hold one attempt, one gets it. A death of who held
-- it is counted where it is found, here or by a take-over. One death too many is left to the take-over,
-- whose start-task becomes a dead letter.
-- task: the id of the publication.
-- holder: the process.
-- most: how often the attempt may be claimed, 0 for no limit.
--@keys workflow
--@args index token task holder most:number
--@include attempt_start processes
local field = field_by_token(index, token)
local raw = redis.call('HGET', workflow .. S.steps, field)
local step = raw and cmsgpack.unpack(raw)
local attempt = open_attempt(step, token)
if not attempt then return {Outcome.GONE} end
-- Handed back: of the start-task and this message one runs, and the other is needed no more after that.
if attempt[AttemptRecord.TASK] == '' then return {Outcome.TAKEN_BY_OTHER} end
if attempt[AttemptRecord.TASK] ~= task then return {Outcome.GONE} end
local publication = publication_of(attempt)
if not publication or publication[PublicationRecord.FOLLOWS] then return {Outcome.GONE} end
local owner = publication[PublicationRecord.OWNER]
if publication[PublicationRecord.STATE] == PublicationState.HELD then
  local takes = attempt[AttemptRecord.TAKES] or 0
  if owner == holder or is_alive(owner) or attempt[AttemptRecord.ONCE] or most > 0 and takes >= most then
    return {Outcome.TAKEN_BY_OTHER}
  end
  attempt[AttemptRecord.TAKES] = takes + 1
  redis.call('HSET', workflow .. S.steps, field, cmsgpack.pack(step))
end
publication[PublicationRecord.STATE], publication[PublicationRecord.OWNER] = PublicationState.HELD, holder
publication[PublicationRecord.SINCE] = clock()
redis.call('HSET', K.publications .. attempt[AttemptRecord.FLIGHT], task, cmsgpack.pack(publication))
return {Outcome.APPLIED, attempt[AttemptRecord.FLIGHT]}
