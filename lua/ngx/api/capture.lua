--- ngx.location: requests to locations of the same server, which run beside each other and are waited for together.

local arguments = require "ngx.api.arguments"
local constants = require "ngx.api.constants"
local context = require "ngx.api.context"
local core = require "perilune.core.subrequest"
local task = require "perilune.core.task"

local WAIT = task.WAIT
local pending, running = context.pending, coroutine.running
local OWN_VARS, COPIED_VARS, SHARED_VARS = 0, 1, 2

--- Names of methods by their number.
local METHODS = {}
for name, id in pairs(constants) do
    if name:find("^HTTP_%u+$") and type(id) == "number" and id >= 2 and id ~= 200 and bit.band(id, id - 1) == 0 then
        METHODS[id] = name:sub(6)
    end
end

local location = {}

local function check_table(value, what)
    if value ~= nil and type(value) ~= "table" then
        error("Bad " .. what .. " option value", 4)
    end
    return value
end

local function check_flag(options, name)
    local value = options[name]
    if value ~= nil and type(value) ~= "boolean" then
        error("Bad " .. name .. " option value", 4)
    end
    return value
end

local function query_of(args)
    if type(args) == "table" then
        return arguments.encode_args(args)
    elseif args ~= nil and type(args) ~= "string" and type(args) ~= "number" then
        error("Bad args option value", 4)
    end
    return args and tostring(args)
end

local function method_of(method)
    if method == nil then
        return "GET"
    elseif type(method) ~= "number" then
        error("Bad http request method", 4)
    end
    return METHODS[method] or error("unsupported HTTP method: " .. method, 4)
end

local function body_of(body)
    if body ~= nil and type(body) ~= "string" and type(body) ~= "number" then
        error("Bad http request body", 4)
    end
    return body and tostring(body)
end

local function start(uri, options)
    local vars = check_table(options.vars, "vars")
    local shares, copies = check_flag(options, "share_all_vars"), check_flag(options, "copy_all_vars")
    local mode = shares and SHARED_VARS or copies and COPIED_VARS or OWN_VARS
    local method, body = method_of(options.method), body_of(options.body)
    local forwards = options.always_forward_body or method == "POST" or method == "PUT"
    if options.ctx ~= nil and type(options.ctx) ~= "table" then
        error("Bad ctx option value type " .. type(options.ctx) .. ", expected a Lua table", 3)
    end
    local fields = check_table(options.headers, "headers")
    return core.start(uri, query_of(options.args), method, body, forwards, mode, vars, options.ctx, fields)
end

local function check_query(query, i)
    if type(query) ~= "table" then
        error(("the query argument %d is not a table, but a %s"):format(i, type(query)), 3)
    end
    local n = #query
    if n ~= 1 and n ~= 2 then
        error(("query argument %d expecting one or two arguments"):format(i), 3)
    end
    if type(query[1]) ~= "string" and type(query[1]) ~= "number" then
        error("bad argument #1 (string expected, got " .. type(query[1]) .. ")", 3)
    end
    if query[2] ~= nil and type(query[2]) ~= "table" then
        error(("expecting table as the 2nd argument for subrequest %d, but got %s"):format(i, type(query[2])), 3)
    end
end

--- No location holds what does not begin with a slash: the answer, then.
local function nowhere(uri)
    if uri:sub(1, 1) ~= "/" and not uri:find("..", 1, true) then
        return { status = 404, header = {}, body = "", truncated = false }
    end
end

local function run(queries)
    local subs, results = {}, {}
    for i = 1, #queries do
        check_query(queries[i], i)
    end
    for i = 1, #queries do
        local uri = tostring(queries[i][1])
        subs[i] = nowhere(uri) or start(uri, queries[i][2] or {})
    end
    local co = running()
    pending[co] = true
    for i = 1, #subs do
        while type(subs[i]) ~= "table" and core.wait(subs[i]) == WAIT do
            context.wait()
        end
    end
    pending[co] = nil
    for i = 1, #subs do
        results[i] = type(subs[i]) == "table" and subs[i] or core.take(subs[i])
    end
    return unpack(results, 1, #subs)
end

--- Asks a location of this server.
-- @tparam string uri
-- @tparam[opt] table options method, body, args, headers, vars, ctx, share_all_vars, copy_all_vars, always_forward_body
-- @treturn table status, header, body, truncated
function location.capture(...)
    local n = select("#", ...)
    if n ~= 1 and n ~= 2 then
        error("expecting one or two arguments", 2)
    end
    context.check(context.answering)
    local uri, options = ...
    return run { { uri, options } }
end

--- Asks several, each `{uri, options}`; they run beside each other.
-- @treturn table … one result each
function location.capture_multi(...)
    if select("#", ...) ~= 1 then
        error("only one argument is expected, but got " .. select("#", ...), 2)
    end
    local queries = ...
    if type(queries) ~= "table" then
        error("bad argument #1 to 'capture_multi' (table expected, got " .. type(queries) .. ")", 2)
    elseif next(queries) == nil then
        error("at least one subrequest should be specified", 2)
    elseif #queries == 0 then
        error("only array-like tables are allowed", 2)
    end
    context.check(context.answering)
    return run(queries)
end

return location
