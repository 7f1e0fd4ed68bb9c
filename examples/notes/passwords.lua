--- Passwords are kept as PBKDF2-HMAC-SHA-256 (RFC 8018): slow to try, and different for equal passwords.
--
-- The rounds take tenths of a second; other requests run in between, so nobody waits for somebody's login.

local bit = require "bit"
local crypto = require "perilune.crypto"
local ffi = require "ffi"
local task = require "perilune.task"

local passwords = { rounds = tonumber(os.getenv("NOTES_ROUNDS")) or 100000 }

local BEFORE_OTHERS = 500

local words = ffi.typeof("uint32_t[8]")

local function stretch(password, salt, rounds)
    local block, sum, now = crypto.hmac("sha256", password, salt .. "\0\0\0\1"), words(), words()
    ffi.copy(sum, block, 32)
    for i = 2, rounds do
        block = crypto.hmac("sha256", password, block)
        ffi.copy(now, block, 32)
        for k = 0, 7 do
            sum[k] = bit.bxor(sum[k], now[k])
        end
        if i % BEFORE_OTHERS == 0 then
            task.yield()
        end
    end
    return crypto.hex(ffi.string(sum, 32))
end

--- What to keep of a password.
function passwords.keep(password)
    local salt = crypto.token(16)
    return { salt = salt, rounds = passwords.rounds, hash = stretch(password, salt, passwords.rounds) }
end

--- Is it the one that was kept? Takes as long when there is none, so that names cannot be guessed by time.
function passwords.is(password, kept)
    kept = kept or { salt = "nobody", rounds = passwords.rounds, hash = "" }
    return crypto.equals(stretch(password, kept.salt, kept.rounds), kept.hash)
end

return passwords
