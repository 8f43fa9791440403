//! The journal's transitions, each atomic. Redis runs a script without anything in between.

use redis::Script;

/// Accepts a request that has an idempotency key.
/// KEYS: open table, idempotency. ARGV: id, record, request hash, forget at, channel, offer.
/// Returns what the key stands for, unless that is this very command, which a repeated call says.
const ACCEPT_KEYED: &str = r"
local mine = ARGV[1] .. ' ' .. ARGV[3]
if not redis.call('SET', KEYS[2], mine, 'NX', 'PXAT', ARGV[4]) then
  local known = redis.call('GET', KEYS[2])
  if known ~= mine then return known end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('PUBLISH', ARGV[5], ARGV[6])";

/// Takes a command back that nobody has.
/// KEYS: state, open table, idempotency (or none). ARGV: id, withdrawn state, its time to live in ms.
/// Returns 1 when it is taken back, 0 when somebody has it.
const WITHDRAW: &str = r"
if not redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[3]) then return 0 end
redis.call('HDEL', KEYS[2], ARGV[1])
if KEYS[3] then redis.call('DEL', KEYS[3]) end
return 1";

/// Changes a state. KEYS: state. ARGV: the state as it must be, the new one. Returns 1 when changed.
const SWAP: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1";

/// Takes a command over. Output that the earlier holder left stays, and the new one's comes after it.
/// KEYS: state, output. ARGV: the state as it must be, the new one, pieces of output that the new one
/// counts with, a piece to add (or ''), channel.
/// Returns -1 when the state is another, else the pieces that are there: when these are as many as
/// counted with, the command is taken.
const TAKE_OVER: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
local pieces = redis.call('LLEN', KEYS[2])
if pieces ~= tonumber(ARGV[3]) then return pieces end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
if ARGV[4] ~= '' then
  redis.call('RPUSH', KEYS[2], ARGV[4])
  redis.call('PUBLISH', ARGV[5], ARGV[4])
end
return pieces";

/// Adds a piece of output. KEYS: state, output. ARGV: owner, pieces before it, event, forget at, channel.
/// Returns 1 when it was the next one, 0 when it is there already or not the owner's, -1 when pieces
/// before it are missing.
const APPEND: &str = r"
local held = redis.call('GET', KEYS[1])
if not held then return -1 end
if string.sub(held, 2, #ARGV[1] + 1) ~= ARGV[1] then return 0 end
local pieces = redis.call('LLEN', KEYS[2])
local before = tonumber(ARGV[2])
if pieces < before then return -1 end
if pieces > before then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('PEXPIREAT', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[3])
return 1";

/// Ends a command. The result is written first and the state that stood there is looked at then: in
/// the undisturbed case that is one command instead of two, and nobody can look in between. Where no
/// state stands, nobody has the command, or Redis lost what it knew: then any end is as good.
/// KEYS: state, audit log, output. ARGV: fence ('=' and an owner, 'free' or 'overdue'), event, forget
/// at, channel, audit entry, field of it, entries kept, pieces of output.
/// Returns 1 first, 0 late, -1 fenced, -2 when pieces of output are missing.
const FINISH: &str = r"
local held = redis.call('SET', KEYS[1], ARGV[2], 'XX', 'GET', 'PXAT', ARGV[3])
local function refuse(answer)
  if held then redis.call('SET', KEYS[1], held, 'KEEPTTL') end
  return answer
end
if held then
  local kind = string.sub(held, 1, 1)
  if kind == '\18' then return refuse(0) end
  if kind == 'X' then return refuse(-1) end
  if ARGV[1] == 'free' then
    if kind ~= 'F' then return refuse(-1) end
  elseif ARGV[1] ~= 'overdue' then
    local owner = string.sub(ARGV[1], 2)
    if string.sub(held, 2, #owner + 1) ~= owner then return refuse(-1) end
  end
end
if ARGV[8] ~= '0' and redis.call('LLEN', KEYS[3]) < tonumber(ARGV[8]) then return refuse(-2) end
if not held then redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3]) end
redis.call('PUBLISH', ARGV[4], ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[7], '*', ARGV[6], ARGV[5])
return 1";

/// Writes a result with its output again, unless there is one.
/// KEYS: state, output. ARGV: event, forget at, pieces of output.
const RESTORE_ENDED: &str = r"
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 1) == '\18' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
if #ARGV > 2 then
  redis.call('DEL', KEYS[2])
  for i = 3, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
  redis.call('PEXPIREAT', KEYS[2], ARGV[2])
end
return 1";

/// A server's sign of life, by the clock of Redis so that no two clocks need agree.
/// KEYS: servers, own open table. ARGV: tag, milliseconds that the table is kept.
/// Returns the time, 1 when the table was not there, and all servers with their last beats.
const BEAT: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
local fresh = redis.call('HSETNX', KEYS[2], '', '')
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
return {now, fresh, redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')}";

/// All of them, ready to be called by hash.
pub(super) struct Scripts {
    pub(super) accept_keyed: Script,
    pub(super) withdraw: Script,
    pub(super) swap: Script,
    pub(super) take_over: Script,
    pub(super) append: Script,
    pub(super) finish: Script,
    pub(super) restore_ended: Script,
    pub(super) beat: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            accept_keyed: Script::new(ACCEPT_KEYED),
            withdraw: Script::new(WITHDRAW),
            swap: Script::new(SWAP),
            take_over: Script::new(TAKE_OVER),
            append: Script::new(APPEND),
            finish: Script::new(FINISH),
            restore_ended: Script::new(RESTORE_ENDED),
            beat: Script::new(BEAT),
        }
    }
}
