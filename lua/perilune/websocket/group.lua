--- Groups: what is sent to one goes to every member, encoded once.
--
-- A group of scope "all" is a room that spans workers: a message goes to the members here at once, and by the bus to
-- the groups of the same name in the other workers, which send it to theirs.

local bus = require "perilune.bus"
local connection = require "perilune.websocket.connection"
local core = require "perilune.core.websocket_group"
local options = require "perilune.options"
local sys = require "perilune.core.sys"
local task = require "perilune.task"

local group = {}
local Group = {}
local mt = { __index = Group, __name = "websocket.group" }

local OPTIONS = { limit = "bytes", name = "string", scope = "string" }
local TO_ALL = { scope = "all" }
local NO_OPTIONS = {}
local BROADCAST_OPTIONS = { binary = "boolean", except = "table" }

local function raw_of(ws, what)
    if not connection.is_connection(ws) then
        error(("%s: a WebSocket is needed, not a %s"):format(what, type(ws)), 3)
    end
    return ws.raw
end

--- Sends on what groups of the same name in other workers say.
local function listen(self, name)
    self.topic = "websocket.group." .. name
    local messages = bus.subscribe(self.topic, { capacity = 1024 })
    local raw = self.raw
    task.detach(function()
        for post in messages:each() do
            if post.pid ~= sys.pid() then
                core.broadcast(raw, post.message, post.binary)
            end
        end
    end)
end

--- A group without members. Members leave it by themselves when they are closed.
-- @tparam[opt] table opts `limit`: bytes queued for a member above which messages are not sent to it (1048576), so
-- that one slow reader does not hold the memory of a room; `scope`: "worker" (the default), or "all": the groups of
-- the same `name` (a string, needed then) in all workers are one room; such a group is there until the worker ends
-- @treturn group
function group.new(opts)
    opts = options.check(opts, OPTIONS, "websocket.group", 2)
    local scope = opts.scope or "worker"
    if scope ~= "worker" and scope ~= "all" then
        error("websocket.group: option 'scope' must be 'worker' or 'all'", 2)
    elseif scope == "all" and not opts.name then
        error("websocket.group: option 'name' is needed with scope 'all'", 2)
    end
    local raw = core.group(opts.limit or 1048576)
    local self = setmetatable({ raw = raw, members = setmetatable({}, { __mode = "k" }) }, mt)
    if scope == "all" then
        listen(self, opts.name)
    end
    return self
end

--- Adds a connection; adding a member again does nothing.
-- @tparam connection ws
-- @treturn group itself
function Group:join(ws)
    local raw = raw_of(ws, "group:join")
    if not self.members[ws] then
        self.members[ws] = true
        core.join(self.raw, raw)
    end
    return self
end

--- Takes a connection out.
-- @tparam connection ws
-- @treturn boolean was it a member?
function Group:leave(ws)
    local raw = raw_of(ws, "group:leave")
    self.members[ws] = nil
    return core.leave(self.raw, raw)
end

--- Sends a message to every member.
-- @tparam string message
-- @tparam[opt] table opts `binary` (false); `except`: a member that does not get it
-- @treturn number members in this worker that it was sent to
-- @treturn number those that missed it because they are too slow
-- @treturn ?error with scope "all": why the other workers do not get it, `too_large` for the bus
function Group:broadcast(message, opts)
    opts = opts and options.check(opts, BROADCAST_OPTIONS, "group:broadcast", 2) or NO_OPTIONS
    local binary, except = opts.binary or false, opts.except and raw_of(opts.except, "group:broadcast")
    local sent, missed = core.broadcast(self.raw, message, binary, except)
    if not self.topic then
        return sent, missed
    end
    local told = bus.publish(self.topic, { pid = sys.pid(), message = message, binary = binary }, TO_ALL)
    return sent, missed, told:error_value()
end

--- How many members are open, in this worker.
-- @treturn number
function Group:size()
    return core.size(self.raw)
end

return group
