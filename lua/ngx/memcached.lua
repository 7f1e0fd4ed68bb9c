--- memc_pass and memcached_pass: the conversation with a memcached, over ngx.socket. Connections are kept.
--
-- Answers go out as they come: the line of memcached is the body, but of `get`, whose body is the value.

local core = require "perilune.core.memcached"

local KEPT_MS, KEPT_MOST, KEY_MOST = 60000, 100, 250

local memcached = {}

local BY_METHOD = { GET = "get", HEAD = "get", POST = "add", PUT = "set", DELETE = "delete" }

--- What each command takes: a key, a value.
local COMMANDS = {
    get = { key = true }, delete = { key = true },
    set = { key = true, value = true }, add = { key = true, value = true }, replace = { key = true, value = true },
    append = { key = true, value = true }, prepend = { key = true, value = true },
    incr = { key = true, number = true }, decr = { key = true, number = true },
    flush_all = {}, stats = {}, version = {},
}

local function fail(status, text)
    ngx.log(ngx.ERR, text)
    return ngx.exit(status)
end

--- The variable, nil when it is empty or not there.
local function variable(name)
    local value = ngx.var[name]
    return value ~= "" and value or nil
end

local function number(name)
    local value = variable(name) or "0"
    if not value:find("^%d+$") then
        return nil, 'variable "$' .. name .. '" takes invalid value: ' .. value
    end
    return value
end

--- A key as it may stand in a command; nil: it may not.
local function key_of(name)
    local key = variable(name)
    key = key and ngx.escape_uri(key):gsub("%%2F", "/")
    return key and #key <= KEY_MOST and key or nil
end

local function value_of()
    local value = variable "memc_value"
    if value then
        return value
    end
    ngx.req.read_body()
    local path = ngx.req.get_body_file()
    if path then
        local file = assert(io.open(path, "rb"))
        value = file:read "*a"
        file:close()
        return value
    end
    return ngx.req.get_body_data() or ""
end

--- The bytes of a command; nil, a status and why.
local function command_text(name, takes, is_any)
    local key = takes.key and key_of(is_any and "memc_key" or "memcached_key")
    if takes.key and not key then
        return nil, 400, 'the "' .. (is_any and "$memc_key" or "$memcached_key") .. '" variable is not set or too long'
    end
    if takes.value then
        local flags, err = number "memc_flags"
        local expires, why = number "memc_exptime"
        if not flags or not expires then
            return nil, 400, err or why
        end
        local value = value_of()
        return ("%s %s %s %s %d\r\n%s\r\n"):format(name, key, flags, expires, #value, value)
    elseif takes.number then
        local value, err = number "memc_value"
        return value and ("%s %s %s\r\n"):format(name, key, value), 400, err
    elseif name == "flush_all" and variable "memc_exptime" then
        local expires, err = number "memc_exptime"
        return expires and "flush_all " .. expires .. "\r\n", 400, err
    end
    return name .. (key and " " .. key or "") .. "\r\n"
end

--- Connects to the server that is its turn: a socket and what settles the turn.
local function connect(conf)
    local name, group, peer = core.choose()
    if not name then
        return nil, nil, "no live upstreams"
    end
    local function settle(has_failed)
        core.settle(group, peer, has_failed)
    end
    local sock = ngx.socket.tcp()
    sock:settimeouts(conf.connect_timeout, conf.send_timeout, conf.read_timeout)
    local host, port = name:match "^(.*):(%d+)$"
    local ok, err
    if name:sub(1, 5) == "unix:" or not port then
        ok, err = sock:connect(name)
    else
        ok, err = sock:connect((host:gsub("^%[(.*)%]$", "%1")), tonumber(port))
    end
    if not ok then
        settle(true)
        return nil, nil, err
    end
    return sock, settle
end

local BROKEN = { closed = "upstream prematurely closed connection", timeout = "upstream timed out" }

--- The answer to `get`: its value and flags, nil for none, false and why; of a value that breaks off what came of it,
-- its flags, why, and the size that it was to have.
local function read_value(sock, line)
    if line == "END" then
        return nil
    end
    local flags, size = line:match "^VALUE %S+ (%d+) (%d+)"
    if not flags then
        return false, line
    end
    local value, err, partial = sock:receive(tonumber(size))
    if not value and #partial > 0 then
        return partial, flags, BROKEN[err] or err, tonumber(size)
    elseif not value or sock:receive(7) ~= "\r\nEND\r\n" then
        return false, err or "malformed answer"
    end
    return value, flags
end

local function answer_get(sock, line)
    local value, flags, problem, size = read_value(sock, line)
    if value == nil then
        return 404
    elseif value == false then
        return 502, nil, flags
    end
    if ngx.var.memc_flags then
        ngx.var.memc_flags = flags
    end
    return 200, value, problem, size
end

local function answer_stats(sock, line)
    local lines = {}
    while line and line ~= "END" do
        lines[#lines + 1] = line
        line = sock:receive()
    end
    lines[#lines + 1] = "END"
    return line and 200 or 502, table.concat(lines, "\r\n") .. "\r\n"
end

local STATUS = {
    STORED = 201, NOT_STORED = 200, EXISTS = 200, NOT_FOUND = 404, DELETED = 200, OK = 200,
}

--- Status, body, and what is wrong; at the end the size of a body that broke off.
local function read_answer(sock, name)
    local line, err = sock:receive()
    if not line then
        return err == "timeout" and 504 or 502, nil, err
    elseif line == "ERROR" or line:find "^CLIENT_ERROR" or line:find "^SERVER_ERROR" then
        return 502, line .. "\r\n", line
    elseif name == "get" then
        return answer_get(sock, line)
    elseif name == "stats" then
        return answer_stats(sock, line)
    end
    local status = STATUS[line] or (line:find "^%d+ *$" or line:find "^VERSION ") and 200 or 502
    return status, line .. "\r\n", status == 502 and line or nil
end

--- A body that is shorter than `size` ends as one that breaks off does.
local function send_answer(status, body, size)
    if status >= 300 and status ~= 502 or not body then
        return ngx.exit(status)
    end
    ngx.status = status
    ngx.header.content_length = size or #body
    ngx.print(body)
end

--- The content of a location with memc_pass or memcached_pass.
function memcached.serve()
    local conf = core.conf()
    local name = conf.is_any and variable "memc_cmd" or BY_METHOD[ngx.req.get_method()]
    local takes = name and COMMANDS[name]
    if not conf.is_any and name ~= "get" then
        return ngx.exit(405)
    elseif not takes then
        return fail(400, 'unknown $memc_cmd "' .. tostring(name) .. '"')
    elseif conf.allowed ~= "" and not conf.allowed:find(" " .. name .. " ", 1, true) then
        return fail(403, 'memcached command "' .. name .. '" not allowed')
    end
    local text, bad, why = command_text(name, takes, conf.is_any)
    if not text then
        return fail(bad, why)
    end
    local sock, settle, err = connect(conf)
    if not sock then
        return fail(err == "timeout" and 504 or 502, "memcached: " .. err .. " while connecting to upstream")
    end
    local status, body, problem, size
    if sock:send(text) then
        status, body, problem, size = read_answer(sock, name)
    else
        status, problem = 502, "send failed"
    end
    settle(problem ~= nil)
    if problem then
        local doing = size and "reading upstream" or "reading response header from upstream"
        ngx.log(ngx.ERR, "memcached: ", problem, " while ", doing)
        sock:close()
    else
        sock:setkeepalive(KEPT_MS, KEPT_MOST)
    end
    return send_answer(status, body, size)
end

return memcached
