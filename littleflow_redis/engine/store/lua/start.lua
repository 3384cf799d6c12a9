-- Start a workflow: store it and fire its first step, in one.
-- KEYS  workflow
-- ARGV  digest of text and input, digest of the flow, nonce, name, input (JSON text), form version,
--       clock override or '', then the flow's fields and values, or nothing if it may be stored
-- Returns {code, state, reason, ready...}: APPLIED, EXISTS, CONFLICT, NEED_FLOW.
-- Race closed: the reply is lost and the client calls again, with the same id: the second call finds
-- the first one's workflow and changes nothing. A flow is never stored without a workflow that
-- refers to it, so a client that dies in between leaves nothing behind.
--@include base defaults stamp count workflow value input timers close handing fire iterate retry rest commit
local key, digest, flow = KEYS[1], ARGV[1], ARGV[2]
local known = redis.call('HGET', key, 'digest')
if known then return {known == digest and Outcome.EXISTS or Outcome.CONFLICT, '', ''} end
local flow_key = K.flow .. flow
local steps = redis.call('HGET', flow_key, 'steps')
if not steps and #ARGV == 7 then return {Outcome.NEED_FLOW, '', ''} end

if not steps then
  local fields = {}
  for i = 8, #ARGV do fields[i - 7] = ARGV[i] end
  sliced('HSET', flow_key, fields)
  steps = redis.call('HGET', flow_key, 'steps')
end
local now = clock(ARGV[7])
local last = tonumber(steps) - 1
local w = plan(key, now, {flow, ARGV[3], last, 0, 0, 0, ARGV[6], now, 'RUNNING'})
w.before, w.fresh, w.outputs['-1'] = '', true, ARGV[5]
trace(w, 'RUNNING', '', 0, 0)
count(w, 'start', 1)
fire(w, 0, '')
settle(w)
rest(w)

w.fields = {'digest', digest, 'flow', flow, 'nonce', ARGV[3], 'name', ARGV[4], 'last', last,
  'version', ARGV[6], 'created', now}
store(w, S.output .. '-1', ARGV[5])
redis.call('HINCRBY', flow_key, 'workflows', 1)
-- An output that a listener of a deleted workflow of this id left behind must not be taken for ours.
local outputs = {}
for i = 0, last do outputs[i + 1] = key .. S.output .. i end
sliced('UNLINK', nil, outputs)
redis.call('LPUSH', K.all, key)
redis.call('SADD', K.running, key)
redis.call('ZADD', K.index, now, key)
notify(w, 'start-workflow')
commit(w)
return report(w, Outcome.APPLIED)
