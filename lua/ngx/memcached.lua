--- memc_pass and memcached_pass: the conversation with a memcached, over ngx.socket. Connections are kept.
--
-- Answers go out as they come: the line of memcached is the body, but of `get`, whose body is the value.

local core = require "perilune.core.memcached"

local KEPT_MS, KEPT_MOST, KEY_MOST = 60000, 100, 250

local memcached = {}

local BY_METHOD = { GET = "get", HEAD = "get", POST = "add", PUT = "set", DELETE = "delete" }

--- What each command takes: a key, a value. `is_read`: it changes nothing, so another server may be asked as well.
local COMMANDS = {
    get = { key = true, is_read = true }, delete = { key = true },
    set = { key = true, value = true }, add = { key = true, value = true }, replace = { key = true, value = true },
    append = { key = true, value = true }, prepend = { key = true, value = true },
    incr = { key = true, number = true }, decr = { key = true, number = true },
    flush_all = {}, stats = { is_read = true }, version = { is_read = true },
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

--- The same of what goes with a value; a variable without one has it from now on.
local function number_of_value(name)
    local value, err = number(name)
    if value and ngx.var[name] == "" then
        ngx.var[name] = value
    end
    return value, err
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
        local flags, err = number_of_value "memc_flags"
        local expires, why = number_of_value "memc_exptime"
        if not flags or not expires then
            return nil, 400, err or why
        end
        local value = value_of()
        return ("%s %s %s %s %d\r\n%s\r\n"):format(name, key, flags, expires, #value, value)
    elseif takes.number then
        local value = variable "memc_value"
        if not value or not value:find "^%d+$" then
            return nil, 400, 'variable "$memc_value" is invalid for incr/decr: ' .. (value or ""):gsub("%c", "?")
        end
        return ("%s %s %s\r\n"):format(name, key, value)
    elseif name == "flush_all" and variable "memc_exptime" then
        local expires, err = number "memc_exptime"
        return expires and "flush_all " .. expires .. "\r\n", 400, err
    end
    return name .. (key and " " .. key or "") .. "\r\n"
end

local BROKEN = { closed = "upstream prematurely closed connection", timeout = "upstream timed out" }

--- What `memcached_next_upstream` calls a failure of a socket.
local function kind_of(err)
    return err == "timeout" and "timeout" or "error"
end

--- The answer of a server whose connection has failed.
local function lost(err)
    return { status = err == "timeout" and 504 or 502, problem = err, failure = kind_of(err) }
end

--- Connects to a server by its name: a socket; nil and why.
local function connect(conf, server)
    local sock = ngx.socket.tcp()
    sock:settimeouts(conf.connect_timeout, conf.send_timeout, conf.read_timeout)
    if conf.bind ~= "" and conf.bind ~= "off" and not sock:bind(conf.bind) then
        ngx.log(ngx.ERR, 'memcached: invalid local address "', conf.bind, '"')
    end
    local host, port = server:match "^(.*):(%d+)$"
    local ok, err
    if server:sub(1, 5) == "unix:" or not port then
        ok, err = sock:connect(server)
    else
        ok, err = sock:connect((host:gsub("^%[(.*)%]$", "%1")), tonumber(port))
    end
    if ok and conf.has_keepalive then
        sock:setoption("keepalive", true)
    end
    return ok and sock, err
end

--- The answer to `get`. A value that breaks off is an answer with `problem` and the `size` that it was to have.
local function read_value(sock, line)
    if line == "END" then
        return { status = 404, failure = "not_found" }
    end
    local flags, size = line:match "^VALUE %S+ (%d+) (%d+)"
    if not flags then
        return { status = 502, problem = line, failure = "invalid_response" }
    end
    local value, err, partial = sock:receive(tonumber(size))
    if not value and #partial > 0 then
        return { status = 200, body = partial, flags = flags, problem = BROKEN[err] or err, size = tonumber(size) }
    elseif not value or sock:receive(7) ~= "\r\nEND\r\n" then
        return err and lost(err) or { status = 502, problem = "malformed answer", failure = "invalid_response" }
    end
    return { status = 200, body = value, flags = flags }
end

local function read_stats(sock, line)
    local lines, err = {}, nil
    while line and line ~= "END" do
        lines[#lines + 1] = line
        line, err = sock:receive()
    end
    if not line then
        return lost(err)
    end
    lines[#lines + 1] = "END"
    return { status = 200, body = table.concat(lines, "\r\n") .. "\r\n" }
end

local STATUS = {
    STORED = 201, NOT_STORED = 200, EXISTS = 200, NOT_FOUND = 404, DELETED = 200, OK = 200,
}

--- What a server answers: {status, body, flags}; with `problem` when something is wrong, and with `failure`, what
-- `memcached_next_upstream` calls it, when another server may know better.
local function read_answer(sock, name)
    local line, err = sock:receive()
    if not line then
        return lost(err)
    elseif line == "ERROR" or line:find "^CLIENT_ERROR" or line:find "^SERVER_ERROR" then
        return { status = 502, body = line .. "\r\n", problem = line, failure = "invalid_response" }
    elseif name == "get" then
        return read_value(sock, line)
    elseif name == "stats" then
        return read_stats(sock, line)
    end
    local status = STATUS[line] or line:find "^%d+ *$" and 201 or line:find "^VERSION " and 200
    if not status then
        return { status = 502, body = line .. "\r\n", problem = line, failure = "invalid_response" }
    end
    return { status = status, body = line .. "\r\n" }
end

--- Asks one server.
local function ask(conf, server, name, text)
    local sock, err = connect(conf, server)
    if not sock then
        ngx.log(ngx.ERR, "memcached: ", err, " while connecting to upstream")
        local answer = lost(err)
        answer.is_unsent = true
        return answer
    end
    local is_sent, why = sock:send(text)
    local answer = is_sent and read_answer(sock, name) or lost(why)
    if not answer.problem then
        sock:setkeepalive(KEPT_MS, KEPT_MOST)
        return answer
    end
    sock:close()
    local doing = answer.size and "reading upstream" or is_sent and "reading response header from upstream"
        or "sending request to upstream"
    ngx.log(ngx.ERR, "memcached: ", answer.problem, " while ", doing)
    return answer
end

--- Is another server to be asked after this answer, the `tries`th?
local function goes_on(conf, answer, takes, tries, began)
    return answer.failure and conf.next_upstream:find(" " .. answer.failure .. " ", 1, true)
        and (answer.is_unsent or takes.is_read)
        and (conf.next_tries == 0 or tries < conf.next_tries)
        and (conf.next_timeout == 0 or (ngx.now() - began) * 1000 < conf.next_timeout)
end

--- Asks the servers of the location, one after the other where that is wanted.
local function ask_all(conf, name, takes, text)
    local turn, began, tries, answer = core.turn(), ngx.now(), 0, nil
    repeat
        local server = turn and core.next(turn)
        if not server then
            break
        end
        tries = tries + 1
        answer = ask(conf, server, name, text)
        core.settle(turn, answer.problem ~= nil)
        ngx.update_time()
    until not goes_on(conf, answer, takes, tries, began)
    return answer
end

--- A body that is shorter than its size ends as one that breaks off does.
local function send_answer(conf, answer)
    if answer.flags and ngx.var.memc_flags then
        ngx.var.memc_flags = answer.flags
    end
    if answer.status >= 300 and answer.status ~= 502 or not answer.body then
        return ngx.exit(answer.status)
    end
    if answer.flags and conf.gzip_flag > 0 and bit.band(tonumber(answer.flags), conf.gzip_flag) ~= 0 then
        ngx.header["Content-Encoding"] = "gzip"
    end
    ngx.status = answer.status
    ngx.header.content_length = answer.size or #answer.body
    ngx.print(answer.body)
end

--- The content of a location with memc_pass or memcached_pass.
function memcached.serve()
    local conf = core.conf()
    local name = conf.is_any and variable "memc_cmd" or BY_METHOD[ngx.req.get_method()]
    local takes = name and COMMANDS[name]
    if not conf.is_any and name ~= "get" then
        return ngx.exit(405)
    elseif not name then
        return fail(400, "ngx_memc: $memc_cmd variable not found for HTTP " .. ngx.req.get_method() .. " requests")
    elseif not takes then
        return fail(400, 'ngx_memc: unknown $memc_cmd "' .. name .. '"')
    elseif conf.allowed ~= "" and not conf.allowed:find(" " .. name .. " ", 1, true) then
        return fail(403, 'ngx_memc: memcached command "' .. name .. '" not allowed')
    end
    local text, bad, why = command_text(name, takes, conf.is_any)
    if not text then
        return fail(bad, why)
    end
    local answer = ask_all(conf, name, takes, text)
    if not answer then
        return fail(502, "memcached: no live upstreams while connecting to upstream")
    end
    return send_answer(conf, answer)
end

return memcached
