--- Runs native handlers: finds them, wraps middleware around, and sends the responses that take time.
--
-- What a handler returns: nil (204), a string (200 text/plain), or `{status=, headers=, body=, trailers=,
-- content_length=}`, or a deferred of one of these. `body` is a string, an array of strings, a stream, an iterator
-- function, a file (`http.file`), or a deferred of any of these. Simple answers are returned to C as they are; the
-- others are sent from here and `true` is returned.

local checked = require "perilune.http.checked"
local core = require "perilune.core.http"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local to_bytes = require("perilune.http.piece").to_bytes
local suggest = require "perilune.suggest"
require "perilune.http.request"

local request_mt = debug.getregistry()["perilune.request"]
local wait = require("perilune.coroutines").wait
local fields_of = require("perilune.http.headers").plain
local await, is_deferred = deferred.await, deferred.is_deferred

local handler = {}

--- How many responses of each handler are looked at for misspelt fields: no work later, and fewer than it takes for a
-- function to be compiled, which would be done with that work in it.
local TO_SPELL = 100

--- A server that never makes a stream does without the module: where nobody has loaded it, nothing is one.
local function is_stream(value)
    local stream = package.loaded["perilune.stream"]
    return stream and stream.is_stream(value)
end

--- What a write has answered: an error is raised, a full queue waited for.
local function settle(req, ok, err)
    if ok == nil then
        error(err, 0)
    elseif not ok and core.wait_drained(req) then
        wait()
    end
end

local function write(req, piece)
    settle(req, core.write(req, piece))
end

local function send_stream(req, s)
    if s.on_sent_by then -- whoever fills it may write past it, see http/sse.lua
        s.on_sent_by(req)
    end
    while true do
        local piece = await(s:take())
        if piece == nil then
            return
        end
        write(req, to_bytes(piece))
    end
end

local function send_iterator(req, next_piece)
    for piece in next_piece do
        write(req, to_bytes(is_deferred(piece) and await(piece) or piece))
    end
end

local function send_file(req, file)
    settle(req, core.write_file(req, file))
end

--- The fields behind the body. A client's response that is passed on has a method of that name, and none of its own.
local function trailers_of(res)
    local fields = res.trailers
    if not fields or (type(fields) == "function" and rawget(res, "trailers") == nil) then
        return nil
    end
    return checked.trailers(fields)
end

--- Sends the head; false when no body goes with it (HEAD, 204, 304).
local function start(req, res, length)
    trailers_of(res)
    local has_body, err = core.start(req, res.status, fields_of(res.headers), length)
    if has_body == nil then
        error(err, 0)
    end
    return has_body
end

--- Runs `fn(req, source)`, which sends the body. After the head was sent an error cannot be answered: the client sees
-- a truncated response.
local function guarded(req, res, fn, source)
    local ok, err = xpcall(fn, failure.traced, req, source)
    if not ok then
        if is_stream(source) then
            source:close()
        end
        core.abort(req)
        error(err, 0)
    end
    core.finish(req, fields_of(trailers_of(res)))
    return true
end

--- The length to tell. HTTP/1.1 has trailers behind chunks only.
local function told_length(res, length)
    return not trailers_of(res) and length or nil
end

--- A body that is produced as it is sent; none of it is asked for when nobody will see it.
local function send_produced(req, res, fn, source)
    if start(req, res, told_length(res, checked.length(res.content_length))) then
        return guarded(req, res, fn, source)
    end
    if is_stream(source) then
        source:close()
    end
    core.finish(req)
    return true
end

local function answer_file(req, res, body)
    local file, size = core.open_file(body.path, body.offset, body.length, body.root)
    if file then
        start(req, res, told_length(res, size))
        return guarded(req, res, send_file, file)
    elseif failure.is(size, "not_found") then
        return 404, nil, "not found\n"
    end
    error(size, 0)
end

local function is_plain(value)
    return type(value) == "table" and getmetatable(value) == nil
end

--- A table whose body is not a plain string, or has to be waited for.
local function complete_slowly(req, res)
    local body = checked.response(res).body
    while is_deferred(body) do
        body = await(body)
    end
    if is_plain(body) then
        body = checked.joined(body)
    end
    if type(body) == "table" and body.is_http_file then
        return answer_file(req, res, body)
    elseif is_stream(body) then
        return send_produced(req, res, send_stream, body)
    elseif type(body) == "function" then
        return send_produced(req, res, send_iterator, body)
    elseif (type(body) == "string" or body == nil) and trailers_of(res) then
        return send_produced(req, res, write, body or "")
    end
    return res.status, fields_of(res.headers), body
end

--- Brings what a handler returned into a form that C sends (status, headers, body), or sends it.
local function complete(req, res, why)
    if type(res) ~= "table" then
        if res == nil and why ~= nil then
            error(why, 0) -- as Lua's functions tell that they have failed
        end
        return res
    end
    if is_deferred(res) then
        return complete(req, await(res))
    end
    if res.is_sent then
        return true
    end
    local body = res.body
    if type(body) == "string" and not trailers_of(res) then
        return res.status, fields_of(res.headers), body
    elseif body == nil and not trailers_of(res) then
        return checked.response(res).status, fields_of(res.headers), nil
    end
    return complete_slowly(req, res)
end

--- What a handler returned, waited for and looked at.
local function spelt(res, ...)
    if is_deferred(res) then
        return spelt(await(res))
    elseif type(res) == "table" and not res.is_sent then
        checked.spelling(res)
    end
    return res, ...
end

--- Wraps a handler function: what C calls for each request, with the name of the visit.
-- @tparam function fn
-- @treturn function
function handler.wrap(fn)
    local n = 0
    return function(handle)
        local req = setmetatable({ handle }, request_mt)
        if n < TO_SPELL then
            n = n + 1
            return complete(req, spelt(fn(req)))
        end
        return complete(req, fn(req))
    end
end

--- The module, or nil when there is none of that name; one that cannot be loaded is an error, each time it is asked
-- for. One that gives nothing, as does a file that is not written whole yet, is loaded anew the next time.
local function require_known(name)
    local ok, module = pcall(require, name)
    if not ok or module == true then
        package.loaded[name] = nil
    end
    if ok then
        return module
    end
    if not tostring(module):find(("module '%s' not found:"):format(name), 1, true) then
        error((tostring(module):gsub("\n%s+no f[^\n]*", ""):gsub("\n%s*", " "):gsub(":$", "")), 0)
    end
end

--- The functions of a module, by the names that the configuration would call them.
local function functions_of(parent, module)
    local names = {}
    for field, value in pairs(type(module) == "table" and module or {}) do
        if type(field) == "string" and type(value) == "function" then
            names[#names + 1] = parent .. "." .. field
        end
    end
    table.sort(names)
    return names
end

--- What somebody may have meant who has written a file's name.
local function module_of_file(name)
    local path = name:match("^(.+)%.lua$")
    return path and ("; a module is named as for require: '%s'"):format(path) or ""
end

local function find(name)
    local module = require_known(name)
    if module ~= nil then
        return module
    end
    local parent, field = name:match("^(.*)%.([%w_]+)$")
    local parent_module = parent and require_known(parent)
    if parent_module == nil then
        error(("module '%s' not found%s (package.path is %s)"):format(name, module_of_file(name), package.path), 0)
    end
    local value = type(parent_module) == "table" and parent_module[field]
    if value == nil or value == false then
        local meant = module_of_file(name)
        error(("module '%s' has no function '%s'%s"):format(parent, field,
            meant ~= "" and meant or suggest(name, functions_of(parent, parent_module))), 0)
    end
    return value
end

--- The function that `module[.function]` names; `what` is the field of a module that is a table.
-- @tparam string name
-- @tparam string what
-- @treturn function
local function callable(name, what)
    local value = find(name)
    if type(value) == "table" and type(value[what]) == "function" then
        value = value[what]
    end
    if type(value) ~= "function" then
        local names = functions_of(name, value)
        error(("'%s' is not a function (a %s%s)"):format(name, type(value),
            names[1] and (" with " .. table.concat(names, ", ", 1, math.min(#names, 5))) or ""), 0)
    end
    return value
end

handler.callable = callable

local function middleware_of(name)
    local ok, fn = pcall(callable, name, "middleware")
    if not ok then
        error(("middleware '%s': %s"):format(name, tostring(fn)), 0)
    end
    return fn
end

--- Finds `module[.function]` and puts the middleware around it, the first one outermost.
-- @tparam string name
-- @tparam table middleware array of names
-- @treturn function
function handler.load(name, middleware)
    local fn = callable(name, "handler")
    for i = #middleware, 1, -1 do
        fn = middleware_of(middleware[i])(fn)
        if type(fn) ~= "function" then
            error(("middleware '%s' did not return a function"):format(middleware[i]), 0)
        end
    end
    return handler.wrap(fn)
end

return handler
