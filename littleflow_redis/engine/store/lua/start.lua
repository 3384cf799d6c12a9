-- Start workflows of one flow: store each and fire its first step, in one.
-- Returns for each {code, state, reason, ready...}: APPLIED, EXISTS, CONFLICT, NEED_FLOW. A start that
-- raised returns the text of its error.
-- Race closed: the reply is lost and the client calls again, with the same id. The second call finds
-- the workflow of the first and changes nothing. A flow is never stored without a workflow that refers
-- to it, so a client that dies in between leaves nothing behind.
-- Each start is a transition of its own. Many share a call, because setting up a call costs as much as a
-- small transition.
-- form: of the rules by which they run.
-- flow: a msgpack list of fields and values, '' if it may be stored.
-- digest: of text and input.
--@keys workflow
--@args flow_digest name form flow
--@finally write_counts
--@include transition
local now, flow_key = clock(), K.flow .. flow_digest
local steps = redis.call('HGET', flow_key, 'steps')
defer_counts()

--@each digest nonce input
local known = redis.call('HGET', workflow, 'digest')
if known then return {known == digest and Outcome.EXISTS or Outcome.CONFLICT, '', ''} end
if not steps and flow == '' then return {Outcome.NEED_FLOW, '', ''} end

if not steps then
  sliced('HSET', flow_key, cmsgpack.unpack(flow))
  steps = redis.call('HGET', flow_key, 'steps')
end
local last = tonumber(steps) - 1
local w = new_plan(workflow, now, {flow_digest, nonce, last, 0, 0, 0, form, now, WorkflowState.RUNNING})
w.before, w.fresh, w.cache.outputs['-1'] = '', true, input
trace(w, WorkflowState.RUNNING, '', 0, 0)
count(w, 'start', 1)
fire_step(w, 0, '')
settle(w)
detect_stall(w)

w.writes.fields = {'digest', digest, 'flow', flow_digest, 'nonce', nonce, 'name', name, 'last', last,
  'version', form, 'created', now}
store(w, S.output .. '-1', input)
redis.call('HINCRBY', flow_key, 'workflows', 1)
-- A listener of a deleted workflow of this id may have left outputs: they must not be taken for ours.
local outputs = {}
for i = 0, last do outputs[i + 1] = workflow .. S.output .. i end
sliced('UNLINK', nil, outputs)
redis.call('LPUSH', K.all, workflow)
redis.call('SADD', K.running, workflow)
redis.call('ZADD', K.index, now, workflow)
notify(w, EventKind.START_WORKFLOW)
commit(w)
return report(w, Outcome.APPLIED)
