--- A client of Redis.
--
--     local db = redis.client { host = "127.0.0.1" }
--     await(db:set("greeting", "hello", "EX", 60))
--     print(await(db:get("greeting")))
--
-- Every command is a method and gives a deferred. The commands of all tasks of a worker go over one connection, which
-- is made when first needed and made again when it has broken; those that would block it, or change its state, have
-- connections of their own from a pool. The protocol is in redis/resp.lua, a connection in redis/connection.lua.

local connection = require "perilune.redis.connection"
local crypto = require "perilune.crypto"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local flow = require "perilune.flow"
local options = require "perilune.options"
local resp = require "perilune.redis.resp"
local stream = require "perilune.stream"
local task = require "perilune.task"
local unseen = require "perilune.unseen"
local url = require "perilune.http.url"

local await = deferred.await

local redis = { null = resp.null }
local Client = {}

local OPTIONS = { url = "string", host = "string", port = "port", path = "string", tls = "any", server_name = "string",
    user = "string", password = "string", db = "count", timeout = "seconds", connection_timeout = "seconds",
    connections = "count" }

local function set_of(names)
    local set = {}
    for name in names:gmatch("%S+") do
        set[name] = true
    end
    return set
end

--- Commands that wait for something to happen, and those that change what a connection is.
local BLOCKING = set_of "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMPOP BZPOPMIN BZPOPMAX BZMPOP XREAD XREADGROUP WAIT WAITAOF"
local OWN = set_of("MULTI EXEC DISCARD WATCH UNWATCH SELECT AUTH HELLO QUIT RESET MONITOR SUBSCRIBE PSUBSCRIBE "
    .. "SSUBSCRIBE SYNC PSYNC CLIENT")

--- Sends a command over a connection of one's own.
local function send(conn, name, ...)
    return conn:send(resp.encode({ name:upper(), ... }, select("#", ...) + 1))
end

--- Any method is the command of its name: so no field of an object may be nil.
local function with_commands(methods)
    return function(_, name)
        local method = methods[name]
        if method == nil and type(name) == "string" and name:find("^%l[%l_]*$") then
            method = function(self, ...)
                return self:command(name, ...)
            end
            methods[name] = method
        end
        return method
    end
end

local Own = {}
local own_mt = { __index = with_commands(Own), __name = "redis connection" }

function Own:command(name, ...)
    local upper = name:upper()
    if upper == "MULTI" or upper == "EXEC" or upper == "DISCARD" then
        self.is_in_transaction = upper == "MULTI"
    elseif OWN[upper] and upper ~= "WATCH" and upper ~= "UNWATCH" then
        self.is_changed = true
    end
    return send(self.connection, name, ...)
end

--- The shared connection, or a deferred of it.
local function shared(self)
    local conn = self.shared
    if conn and conn:is_open() then
        return conn
    elseif not self.opening then
        local opening = task.detach(connection.open, self.o)
        self.opening = opening
        opening:on_realized(function(opened)
            self.shared, self.opening = opened, false
            if self.is_closed then
                opened:close()
            end
        end, function()
            self.opening = false
        end)
    end
    return nil, self.opening
end

local function over_shared(self, method, what)
    if self.is_closed then
        return deferred.error_deferred(failure.new("closed", "the client of Redis is closed"))
    end
    local conn, opening = shared(self)
    if conn then
        return conn[method](conn, what)
    end
    return opening:shield():chain(function(opened)
        return opened[method](opened, what)
    end)
end

--- A connection of the pool to which somebody still listens.
local function acquire(pool)
    local conn = await(pool:acquire("own"))
    while not conn:is_open() do
        pool:dispose("own", conn)
        conn = await(pool:acquire("own"))
    end
    return conn
end

local function run_with(self, fn)
    local conn = acquire(self.pool)
    local own = setmetatable({ connection = conn, is_in_transaction = false, is_changed = false }, own_mt)
    local results = { xpcall(fn, failure.traced, own) }
    if not results[1] or own.is_in_transaction or own.is_changed or conn.failure then
        self.pool:dispose("own", conn)
    else
        self.pool:release("own", conn)
    end
    if not results[1] then
        error(results[2], 0)
    end
    return unpack(results, 2, table.maxn(results))
end

--- Runs `fn(db)` in the running task with a connection of its own, for WATCH, MULTI and their kin. It goes back to the
-- pool afterwards; when `fn` fails, or has left a transaction open or changed what the connection is, it is closed.
-- @tparam function fn
-- @return what fn returns
function Client:with(fn)
    return run_with(self, fn)
end

--- Sends a command. `db:get(key)` is `db:command("GET", key)`.
-- @tparam string name
-- @param ... strings and numbers
-- @treturn deferred of the answer: string, number, array (with `redis.null` for null in it), nil for null. Fails with
-- code `redis` (`kind` is the first word of its message), with `timeout`, `closed`, `reset`, `protocol`, or what
-- `tcp.connect` fails with
function Client:command(name, ...)
    local upper = name:upper()
    if OWN[upper] then
        error(("redis: %s needs a connection of its own: db:with, db:transaction, db:subscribe"):format(upper), 2)
    end
    local ok, text = pcall(resp.encode, { upper, ... }, select("#", ...) + 1)
    if not ok then
        error(text, 2)
    elseif BLOCKING[upper] then
        return task.spawn(run_with, self, function(own)
            own.connection.timeout = nil
            local answer = await(own.connection:send(text))
            own.connection.timeout = self.o.timeout
            return answer
        end)
    end
    return over_shared(self, "send", text)
end

--- Runs commands as one transaction (MULTI … EXEC).
-- @tparam table commands array of arrays, each a command
-- @treturn deferred of an array of answers, error objects among them; fails when Redis refuses one of the commands
function Client:transaction(commands)
    local texts = { resp.encode { "MULTI" } }
    for i, args in ipairs(commands) do
        texts[i + 1] = resp.encode(args)
    end
    texts[#texts + 1] = resp.encode { "EXEC" }
    return over_shared(self, "send_all", texts)
end

--- Runs a script, which is sent to Redis once only (EVALSHA, then EVAL).
-- @tparam string text of the script
-- @tparam[opt] table keys array
-- @tparam[opt] table args array
-- @treturn deferred of its result
function Client:script(text, keys, args)
    local sha = self.shas[text] or crypto.hex(crypto.hash("sha1", text))
    self.shas[text] = sha
    local command = { "EVALSHA", sha, keys and #keys or 0 }
    for _, list in ipairs { keys or {}, args or {} } do
        for _, value in ipairs(list) do
            command[#command + 1] = value
        end
    end
    return over_shared(self, "send", resp.encode(command)):catch(function(err)
        if err.kind ~= "NOSCRIPT" then
            error(err, 0)
        end
        command[1], command[2] = "EVAL", text
        return over_shared(self, "send", resp.encode(command))
    end)
end

--- Ends a subscription, with what went wrong.
local function stop(out, err)
    if not out.subscribed:is_realized() then
        out.subscribed:error(err or failure.new("closed", "the subscription is closed"))
        unseen.seen(out.subscribed)
    end
    out:close(err)
end

local function listen(self, out, verb, names)
    local conn = connection.open(options.together(self.o, { timeout = false }))
    out:on_closed(function()
        conn:close()
    end)
    local missing = #names -- that Redis has not confirmed; it does so one by one
    conn:listen(function(message)
        if message == nil then
            stop(out, not out:is_closed() and conn.failure or nil)
        elseif failure.is(message) then
            stop(out, message)
        elseif type(message) == "table" and message[1]:find("message$") then
            local n = #message
            out:put({ channel = message[n - 1], message = message[n], pattern = n == 4 and message[2] or nil })
        elseif type(message) == "table" and message[1]:find("subscribe$") then
            missing = missing - 1
            if missing == 0 then
                out.subscribed:success(true)
            end
        end
    end)
    conn.stream:put(resp.encode({ verb, unpack(names) }))
end

--- Messages that are published (SUBSCRIBE), over a connection that lives as long as the stream.
-- @tparam string|table channels name or array of names
-- @tparam[opt] table opts `pattern` (boolean: PSUBSCRIBE), `queue` (messages that may wait; 1000)
-- @treturn stream of `{channel=, message=, pattern=}`; fails when the connection breaks. Its field `subscribed` is a
-- deferred that succeeds when Redis has confirmed all channels: what is published from then on comes
function Client:subscribe(channels, opts)
    opts = options.check(opts, { pattern = "boolean", queue = "count" }, "redis subscribe", 2)
    local out = stream.stream(opts.queue or 1000)
    local names = type(channels) == "table" and channels or { channels }
    out.subscribed = deferred.deferred()
    local verb = opts.pattern and "PSUBSCRIBE" or "SUBSCRIBE"
    task.detach(listen, self, out, verb, names):on_realized(nil, function(err)
        stop(out, err)
    end)
    out:on_closed(function()
        stop(out)
    end)
    return out
end

--- Closes the connections; who still waits fails with `closed`. A script ends when no connection is open any more.
function Client:close()
    self.is_closed = true
    self.pool:close()
    if self.shared then
        self.shared:close()
    end
end

local function of_url(text)
    local scheme, rest = text:match("^(rediss?)://(.*)$")
    local info, host, port, db = (rest or ""):match("^([^@/]*)@?([^@/:]+):?(%d*)/?(%d*)$")
    if rest and not rest:find("@", 1, true) then
        info, host, port, db = "", rest:match("^([^/:]+):?(%d*)/?(%d*)$")
    end
    if not host then
        error("redis.client: option 'url' is not redis://[user:password@]host[:port][/database]", 3)
    end
    local user, password = info:match("^([^:]*):(.*)$")
    return { host = host, port = tonumber(port), db = tonumber(db), tls = scheme == "rediss" or nil,
        user = user and user ~= "" and url.unescape(user) or nil, password = password and url.unescape(password) }
end

local client_mt = { __index = with_commands(Client), __name = "redis client" }

--- A client. Nothing is connected before the first command.
-- Options: `host` ("127.0.0.1") and `port` (6379), or `path` (a Unix socket), or `url`
-- ("redis://user:password@host:6379/0", "rediss://…" with TLS); `user`, `password`, `db` (0); `tls` and `server_name`
-- as of `tcp.connect`; `timeout` (5 seconds without any answer, at most twice that), `connection_timeout` (5 seconds),
-- `connections` (64: of their own, for what blocks and for `with`).
-- @tparam[opt] table opts
-- @treturn client
function redis.client(opts)
    opts = options.check(opts, OPTIONS, "redis.client", 2)
    local o = options.together({ host = "127.0.0.1", port = 6379, timeout = 5, connection_timeout = 5 },
        opts.url and of_url(opts.url), opts)
    if o.path then
        o.host, o.port = nil, nil
    end
    return setmetatable({ o = o, shas = {}, shared = false, opening = false, is_closed = false, pool = flow.pool {
        generate = function()
            return task.detach(connection.open, o)
        end,
        destroy = function(_, conn)
            conn:close()
        end,
        max_per_key = o.connections or 64,
    } }, client_mt)
end

return redis
