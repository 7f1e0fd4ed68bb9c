--- Groups: what is sent to one goes to every member, encoded once.

local core = require "perilune.core.websocket_group"
local options = require "perilune.options"

local group = {}
local Group = {}
local mt = { __index = Group, __name = "websocket.group" }

local OPTIONS = { limit = "bytes" }

--- A group without members. Members leave it by themselves when they are closed.
-- @tparam[opt] table opts `limit`: bytes queued for a member above which messages are not sent to it (1048576), so
-- that one slow reader does not hold the memory of a room
-- @treturn group
function group.new(opts)
    opts = options.check(opts, OPTIONS, "websocket.group", 2)
    local raw = core.group(opts.limit or 1048576)
    return setmetatable({ raw = raw, members = setmetatable({}, { __mode = "k" }) }, mt)
end

--- Adds a connection; adding a member again does nothing.
-- @tparam connection ws
-- @treturn group itself
function Group:join(ws)
    if not self.members[ws] then
        self.members[ws] = true
        core.join(self.raw, ws.raw)
    end
    return self
end

--- Takes a connection out.
-- @tparam connection ws
-- @treturn boolean was it a member?
function Group:leave(ws)
    self.members[ws] = nil
    return core.leave(self.raw, ws.raw)
end

--- Sends a message to every member.
-- @tparam string message
-- @tparam[opt] table opts `binary` (false); `except`: a member that does not get it
-- @treturn number members that it was sent to
-- @treturn number members that missed it because they are too slow
function Group:broadcast(message, opts)
    local except = opts and opts.except
    return core.broadcast(self.raw, message, opts and opts.binary, except and except.raw)
end

--- How many members are open.
-- @treturn number
function Group:size()
    return core.size(self.raw)
end

return group
