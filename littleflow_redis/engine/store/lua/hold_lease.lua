-- Take a lease, keep it, or give it up.
-- Returns 1 if the holder has it afterwards, else 0.
-- Race closed: who has it is read where it is written: of two processes that find it free, one gets it.
-- holder: the process.
-- ms: how long it holds the lease from now, 0 to give it up.
--@keys lease
--@args holder ms:number
local has = redis.call('GET', lease)
if has and has ~= holder then return 0 end
if ms > 0 then
  redis.call('SET', lease, holder, 'PX', ms)
  return 1
end
redis.call('DEL', lease)
return 0
