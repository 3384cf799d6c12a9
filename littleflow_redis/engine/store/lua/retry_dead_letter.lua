-- Append a dead letter's event to the stream again, and remove the letter.
-- Returns {code, id of the new event or ''}: APPLIED, GONE (there is no such letter), UNCHANGED (its
-- event was not kept as a whole), LATE (the attempt of its start-task has ended).
-- Race closed: apart, a client that dies in between would lose the event or send it twice.
-- id: of the dead letter.
--@keys stream
--@args id
local letter = redis.call('XRANGE', K.dead, id, id)[1]
if not letter then return {Outcome.GONE, ''} end
local fields = {}
for i = 1, #letter[2], 2 do
  local name, value = letter[2][i], letter[2][i + 1]
  if name == 'cut' and value == '1' then return {Outcome.UNCHANGED, ''} end
  if name == 'ended' and value == '1' then return {Outcome.LATE, ''} end
  local field = string.match(name, '^field:(.*)$')
  if field then
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
end
redis.call('XDEL', K.dead, id)
return {Outcome.APPLIED, redis.call('XADD', stream, '*', unpack(fields))}
