--- One visitor's session, from the cookie of a request to that of its answer. The middleware `session` makes them.
--
-- A store keeps records, which are bytes, under keys. It has the methods
--
--     load(key) → { text =, ttl = } (seconds that are left), nil: there is none
--     save(key, text, ttl, is_new) → what the cookie is to hold, nil: the identifier
--     delete(key)
--     touch(key, ttl)       optional; without it a record is saved again
--
-- each of which may also give a deferred. With `touch` the key is a hash of the identifier in the cookie, so that who
-- reads the store cannot take over sessions; without, it is the text of the cookie. The record has the time when the
-- session began, for the absolute timeout; idle ones are dropped by their time to live.

local buffer = require "string.buffer"
local crypto = require "perilune.crypto"
local deferred = require "perilune.deferred"
local time = require "perilune.time"

local await, is_deferred = deferred.await, deferred.is_deferred

local session = {}
local Session = {}
local mt = { __index = Session, __name = "session" }

--- A session is touched when this share of its idle time has passed, not with each request.
local TOUCH_AFTER = 0.1

local function key_of(o, id)
    return o.store.touch and crypto.base64url(crypto.hash("sha256", id)) or id
end

local function new(o)
    return setmetatable({ o = o, data = {}, created = time.now(), is_new = true, ttl = 0 }, mt)
end

--- The session of a record; a new one when it is too old, or cannot be read.
local function open(o, id, entry)
    local ok, record = pcall(buffer.decode, entry and entry.text or "")
    if not ok or type(record) ~= "table" or time.now() >= (record.created or 0) + o.absolute then
        return new(o)
    end
    return setmetatable({ o = o, id = id, data = record.data, created = record.created, is_new = false,
        ttl = entry.ttl, before = buffer.encode(record.data) }, mt)
end

--- The session of a request.
-- @tparam table o `store`, `idle`, `absolute`
-- @tparam string|nil id what the cookie holds
-- @treturn deferred
function session.load(o, id)
    if not id or id == "" then
        return deferred.success_deferred(new(o))
    end
    local ok, entry = pcall(o.store.load, o.store, key_of(o, id))
    if not ok then
        return deferred.error_deferred(entry)
    elseif is_deferred(entry) then
        return entry:chain(function(loaded)
            return open(o, id, loaded)
        end)
    end
    return deferred.success_deferred(open(o, id, entry))
end

--- Gives the session another identifier and lets its absolute time begin anew: to be called when somebody logs in, or
-- gets more rights, so that an identifier that was known before is worth nothing.
function Session:renew()
    self.is_renewed, self.created = true, time.now()
end

--- Ends the session: its record and its cookie are deleted with the answer.
function Session:destroy()
    self.is_destroyed, self.data = true, {}
end

local function time_left(self)
    return math.min(self.o.idle, self.created + self.o.absolute - time.now())
end

local function save(self)
    local is_new, before = self.id == nil or self.is_renewed, self.id
    local id = not is_new and self.id or crypto.token(32)
    local text = buffer.encode({ data = self.data, created = self.created })
    local held = await(self.o.store:save(key_of(self.o, id), text, time_left(self), is_new))
    if is_new and before then
        await(self.o.store:delete(key_of(self.o, before)))
    end
    self.id = held or id
    return (self.id ~= before or self.o.persistent) and self.id or nil
end

local function delete(self)
    if self.id == nil then
        return nil
    end
    await(self.o.store:delete(key_of(self.o, self.id)))
    return false
end

--- Brings the store up to date at the end of a request; waits for it.
-- @tparam session self
-- @treturn string|boolean|nil what the cookie is to hold now, false when it is to be deleted, nil when it can stay
-- @treturn number|nil seconds that the session has left
function session.commit(self)
    local has_data = next(self.data) ~= nil
    if self.is_destroyed or not has_data and self.id then
        return delete(self)
    elseif not has_data then
        return nil
    elseif self.id == nil or self.is_renewed or buffer.encode(self.data) ~= self.before then
        return save(self), time_left(self)
    end
    local left = time_left(self)
    if self.ttl >= left - self.o.idle * TOUCH_AFTER then
        return nil
    elseif not self.o.store.touch then
        return save(self), left
    end
    await(self.o.store:touch(key_of(self.o, self.id), left))
    return self.o.persistent and self.id or nil, left
end

return session
