--- A WebSocket connection, as server or client.
--
-- Fields: `protocol`, the sub-protocol agreed on, or nil; `headers`, of a client: the fields of the server's answer. A
-- connection that nobody refers to any more is closed.

local core = require "perilune.core.websocket"
local coroutines = require "perilune.coroutines"
local core_task = require "perilune.core.task"
local deferred = require "perilune.deferred"
local duplex = require "perilune.stream.duplex"
local failure = require "perilune.failure"
local task = require "perilune.task"
local typed = require "perilune.websocket.typed"

local wait, WAIT = coroutines.wait, core_task.WAIT
local success = deferred.success_deferred
local TRUE, FALSE = success(true), success(false)

local connection = {}
local Connection = {}
local mt = { __index = Connection, __name = "websocket" }
local typed_mt = { __index = typed.methods(Connection), __name = "websocket" }

--- For perilune.websocket: a connection over its C part. Ten thousand may idle: a field is made when it is needed.
-- @param raw of perilune.core.websocket
-- @tparam ?string protocol
-- @tparam[opt=false] boolean is_typed messages come as tables, see `typed` in the options
function connection.new(raw, protocol, is_typed)
    local self = { raw = raw }
    if protocol then
        self.protocol = protocol
    end
    return setmetatable(self, is_typed and typed_mt or mt)
end

--- The same for a client, which may see the answer to its handshake.
-- @param raw
-- @tparam table headers fields of the answer by lower-case name
-- @tparam[opt=false] boolean is_typed
function connection.of_client(raw, headers, is_typed)
    local self = connection.new(raw, headers["sec-websocket-protocol"], is_typed)
    self.headers = headers
    return self
end

--- Is `x` a connection?
function connection.is_connection(x)
    local of = getmetatable(x)
    return of == mt or of == typed_mt
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Messages in

--- The next message, waiting for it in the running task.
-- @treturn ?string the message; nil when the connection has ended
-- @treturn ?boolean was it binary?
function Connection:receive()
    local raw = self.raw
    local message, is_binary = core.take(raw)
    while message == WAIT do
        wait()
        message, is_binary = core.take(raw)
    end
    return message, is_binary
end

--- With the option `pieces`: the next piece of a message, as it comes off the wire.
-- @treturn ?string the piece, perhaps empty; nil when the connection has ended
-- @treturn ?boolean does it end its message?
-- @treturn ?boolean is the message binary?
function Connection:receive_piece()
    local raw = self.raw
    local piece, is_binary, is_last = core.take(raw)
    while piece == WAIT do
        wait()
        piece, is_binary, is_last = core.take(raw)
    end
    return piece, is_last, is_binary
end

--- The next message.
-- @treturn deferred of a string, or of nil when the connection has ended
function Connection:take()
    if not core_task.current() then -- a listener, as those of a stream's operators
        return task.detach(self.receive, self)
    end
    local message = core.take(self.raw)
    if message ~= WAIT then
        return success(message)
    end
    return task.spawn(self.receive, self)
end

--- Iterates over the messages in the running task: `for message, is_binary in ws:each() do`.
function Connection:each()
    return self.receive, self
end

--- Calls `fn(ws, message, is_binary)` with each message, in a task of its own, one after the other: while it waits, the
-- next one does, and the peer is slowed down. Between two messages there is no task, so that an idle connection costs
-- less than one that waits in `receive`. The connection is kept until its end; when `fn` fails it is closed with 1011.
-- With the option `pieces`: `fn(ws, piece, is_binary, is_last)`.
-- @tparam function fn
-- @treturn connection itself
function Connection:on_message(fn)
    core.consume(self.raw, self, fn)
    return self
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Messages out

local function drain(self)
    while core.wait_drained(self.raw) do
        wait()
    end
    return (core.state(self.raw)) == "open"
end

local function put(self, message, is_binary)
    local is_free = core.put(self.raw, message, is_binary)
    if is_free then
        return TRUE
    elseif is_free == nil then
        return FALSE
    end
    return task.spawn(drain, self)
end

--- Sends a text message, which must be UTF-8. Many messages of one turn leave together.
-- @tparam string message
-- @treturn deferred of true, or of false when the connection is closed; pending while the peer is slow
function Connection:put(message)
    return put(self, message, false)
end

--- Sends a binary message.
-- @tparam string message
-- @treturn deferred as put
function Connection:put_binary(message)
    return put(self, message, true)
end

--- The same as put, waiting in the running task while the peer is slow.
-- @tparam string message
-- @tparam[opt=false] boolean is_binary
-- @treturn boolean false when the connection is closed
function Connection:send(message, is_binary)
    local is_free = core.put(self.raw, message, is_binary)
    if is_free == false then
        return drain(self)
    end
    return is_free or false
end

--- Sends a message in pieces, as when it does not fit into memory: one call for each, until one of them is the last.
-- Nothing else can be sent in between but pings; a group's messages miss this connection then. Pieces are not
-- compressed. Waits in the running task while the peer is slow.
-- @tparam string piece perhaps empty; characters of text may be split between two
-- @tparam boolean is_last does the message end with it?
-- @tparam[opt=false] boolean is_binary is the message binary? What the first piece says counts
-- @treturn boolean false when the connection is closed
function Connection:send_piece(piece, is_last, is_binary)
    local is_free = core.put_piece(self.raw, piece, is_last, is_binary)
    if is_free == false then
        return drain(self)
    end
    return is_free or false
end

-- ---------------------------------------------------------------------------------------------------------------------
-- Pings and the end

local function fail_pings(self)
    local pings = self.pings
    self.pings = nil
    for _, d in pairs(pings or {}) do
        d:error(failure.new("closed", "the WebSocket was closed"))
    end
end

local function run_callbacks(self)
    local callbacks = self.callbacks
    self.callbacks = nil
    if type(callbacks) == "function" then
        callbacks(self)
    end
    for _, fn in ipairs(type(callbacks) == "table" and callbacks or {}) do
        fn(self)
    end
end

--- What C tells: pongs, and the end.
local function on_event(self, event, payload)
    if event == "closed" then
        fail_pings(self)
        run_callbacks(self)
    elseif self.pings and self.pings[payload] then
        local d = self.pings[payload]
        self.pings[payload] = nil
        d:success(payload)
    end
end

--- Sends a ping.
-- @tparam[opt] string payload at most 125 bytes; a number of its own where there is none
-- @treturn deferred of the payload, settled by the pong that answers this very ping; fails with `closed`
function Connection:ping(payload)
    core.watch(self.raw, self, on_event)
    if payload == nil then
        self.last_ping = (self.last_ping or 0) + 1
        payload = tostring(self.last_ping)
    end
    if not core.ping(self.raw, payload) then
        return deferred.error_deferred(failure.new("closed", "the WebSocket is closed"))
    end
    self.pings = self.pings or {}
    local d = self.pings[payload] or deferred.deferred()
    self.pings[payload] = d
    return d
end

--- Begins the closing handshake. Messages that have not been taken are dropped; what was put before goes out.
-- @tparam[opt=1000] number code 1000–1003, 1007–1014, 3000–4999
-- @tparam[opt] string reason at most 123 bytes of UTF-8
-- @treturn deferred of true once the peer has answered, of false when it did not (or it was closed already)
function Connection:close(code, reason)
    if not core.close(self.raw, code, reason) then
        return FALSE
    end
    return task.spawn(function()
        while core.wait_closed(self.raw) do
            wait()
        end
        return select(4, core.state(self.raw)) == nil
    end)
end

--- Ends it at once: the peer sees a reset.
function Connection:abort()
    core.abort(self.raw)
end

--- How it is, and how it ended.
-- @treturn string "open", "closing", "closed"
-- @treturn number the peer's close code; 1005: it gave none, 1006: there was no close frame
-- @treturn ?string the peer's reason
-- @treturn ?string code of the error that ended it: `timeout`, `protocol`, `too_large`, `reset`, `closed`
function Connection:state()
    return core.state(self.raw)
end

--- Is it open?
-- @treturn boolean
function Connection:is_open()
    return (core.state(self.raw)) == "open"
end

--- Calls `fn(ws)` when the connection has ended; at once when it has.
-- @tparam function fn
-- @treturn connection itself
function Connection:on_closed(fn)
    if (core.state(self.raw)) == "closed" then
        fn(self)
        return self
    end
    core.watch(self.raw, self, on_event)
    local callbacks = self.callbacks
    if callbacks == nil then
        self.callbacks = fn -- one is the rule, and costs no table
    elseif type(callbacks) == "function" then
        self.callbacks = { callbacks, fn }
    else
        table.insert(callbacks, fn)
    end
    return self
end

--- A duplex stream of the text messages, with all operators: put into it to send, take from it to receive; closing
-- it closes the connection.
-- @treturn stream
function Connection:stream()
    local both, sink = duplex(function()
        return self:take()
    end, function(message)
        return self:put(message)
    end, function(err) -- a value that is no message ends it
        self:close(err and 1011 or nil)
    end)
    self:on_closed(function() -- else who waits for puts would keep the connection
        sink:close()
    end)
    return both
end

return connection
