--- Runs one block: server up, requests, checks, server down.
--
-- The run `r` is the table that the checks get: `report`, `name`, `sections` (values), `server`,
-- `round` (which repetition, from 0), `expand`, `expand_pattern`.
-- @module perilune.test.block

local check = require "perilune.test.check"
local check_log = require "perilune.test.check_log"
local client = require "perilune.test.client"
local config = require "perilune.test.config"
local filter = require "perilune.test.filter"
local parse = require "perilune.test.parse"
local perl = require "perilune.test.perl"
local posix = require "perilune.test.posix"
local request = require "perilune.test.request"
local sections = require "perilune.test.sections"
local server = require "perilune.test.server"
local shell = require "perilune.test.shell"
local skip = require "perilune.test.skip"
local sock = require "perilune.test.sock"

local M = {}

-- Seconds after which a test is given up, where it says nothing itself. Nothing is measured by them, so they are far
-- above what a busy machine needs.
-- Only what hangs takes so long; a machine that has much else to do must not decide.
local SILENCE_MOST, EXEC_LEAST = 60, 200

local function parse_time(value)
    if value == nil then
        return nil
    end
    local text = tostring(value):match("^%s*(.-)%s*$")
    local ms = text:match("^([%d.]+)%s*ms$")
    return ms and tonumber(ms) / 1000 or tonumber((text:gsub("s$", "")))
end

-- Fills in $TEST_NGINX_* names; a RAND_PORT gets a free port when it is first seen.
local function expander(setenv)
    local ports = {}
    return function(text)
        return (text:gsub("%$(TEST_NGINX_[_A-Z0-9]+)", function(name)
            if name:match("^TEST_NGINX_RAND_PORT_%d+$") then
                ports[name] = ports[name] or tostring(sock.free_port())
                setenv(name, ports[name])
                return ports[name]
            end
            return os.getenv(name) or error("environment variable " .. name .. " is not set", 0)
        end))
    end
end

-- Sets variables in the environment and can put back what was there.
local function scoped_env()
    local old, order = {}, {}
    local function set(name, value)
        if not old[name] then
            old[name] = { os.getenv(name) }
            order[#order + 1] = name
        end
        posix.setenv(name, value)
    end
    local function restore()
        for _, name in ipairs(order) do
            posix.setenv(name, old[name][1])
        end
    end
    return set, restore
end

local function export(setenv, srv, stream_port)
    local values = {
        SERVER_PORT = srv.port, PORT = srv.port, CLIENT_PORT = srv.port,
        SERVER_PORT_FOR_CLIENT = srv.port, STREAM_PORT = stream_port, SERVROOT = srv.prefix,
        SERVER_ROOT = srv.prefix, HTML_DIR = srv.html, BINARY = srv.binary,
    }
    for name, value in pairs(values) do
        setenv("TEST_NGINX_" .. name, value)
    end
    setenv("LC_ALL", "C") -- for what sorts, and what warns of a locale that is not there
end

-- Variables and functions that Perl expressions of the file may use.
local function perl_context(file, srv, setenv)
    local vars = {
        ServerPort = tostring(srv.port), ServerPortForClient = tostring(srv.port),
        HtmlDir = srv.html, ServerRoot = srv.prefix, ServRoot = srv.prefix, _ = "",
    }
    local functions = {
        html_dir = function() return srv.html end,
        server_root = function() return srv.prefix end,
        server_port = function() return srv.port end,
        cwd = posix.getcwd,
        read_file = posix.read_file,
        system = function(command) return os.execute(command) end,
    }
    vars.NginxVersion = (skip.versions(srv.binary).server or 0) / 1e6
    parse.run_preamble(file, vars, functions, setenv)
    return { vars = vars, functions = functions }
end

local function text_of(r, name, fallback)
    local value = r.sections[name]
    if type(value) == "table" then
        value = table.concat(value)
    end
    return r.expand(value or fallback or "")
end

-- Lines `NAME=value` of the env section: set for the server, named in its configuration.
local function env_lines(r)
    local out = {}
    for _, name in ipairs(r.file.env) do
        out[#out + 1] = name
    end
    for line in text_of(r, "env"):gmatch("[^\n;]+") do
        local name, value = line:match("^%s*([%w_]+)=(.-)%s*$")
        name = name or line:match("^%s*([%w_]+)%s*$")
        if value then
            r.setenv(name, value)
        end
        out[#out + 1] = name
    end
    return out
end

local function stream_servers(r)
    local out = {}
    for _, name in ipairs { "stream_server_config", "stream_server_config2",
        "stream_server_config3" } do
        if r.sections[name] then
            out[#out + 1] = text_of(r, name)
        end
    end
    return out
end

local function config_text(r)
    local file, srv = r.file, r.server
    local level = r.sections.log_level or file.log_level or os.getenv("TEST_NGINX_LOG_LEVEL")
    return config.text {
        prefix = srv.prefix, html = srv.html, port = srv.port,
        config = text_of(r, "config"), http_config = text_of(r, "http_config"),
        main_config = text_of(r, "main_config"),
        post_main_config = text_of(r, "post_main_config"),
        stream_config = r.sections.stream_config and text_of(r, "stream_config"),
        stream_servers = stream_servers(r), stream_port = r.stream_port,
        log_level = level and level:match("%S+") or "debug",
        error_log = srv.error_log,
        master = file.master or r.sections.master_on ~= nil,
        workers = r.sections.workers or file.workers or 1,
        worker_connections = r.sections.worker_connections or file.worker_connections or 64,
        server_name = r.server_name, env = env_lines(r),
        modules = os.getenv("TEST_NGINX_LOAD_MODULES"),
        event_type = os.getenv("TEST_NGINX_EVENT_TYPE"),
        no_root_location = file.no_root_location,
    }
end

local function talk_options(r, heads, count)
    local values = r.sections
    local wanted = tonumber(values.responses)
    if not wanted and values.connection ~= nil then
        wanted = count
    end
    local shutdown = values.shutdown
    return {
        timeout = r.timeout, heads = heads, responses = wanted, expect = values.connection,
        shutdown = shutdown and (tonumber(shutdown) or 1), trickle = values.trickle ~= nil,
        middle_delay = tonumber(values.raw_request_middle_delay),
        host = values.server_addr_for_client,
    }
end

-- Reads `count` responses out of the bytes of one connection and checks each.
local function check_responses(r, conv, heads, first, count)
    local data = conv.data
    for i = 1, count do
        local res
        if r.sections.http09 ~= nil then
            res = client.parse("HTTP/1.0 200 OK\r\n\r\n" .. data)
            res.raw_headers = ""
        else
            res = client.parse(data, heads[i])
        end
        if i == count and res.code:match("^1") then
            -- An interim answer that stands last is followed by the final one: its body, here.
            res.body, res.left = res.body .. res.left, ""
        end
        res.data = data
        check.response(r, res, first + i - 1)
        data = res.left
    end
    if data ~= "" and heads[count] and r.sections.http09 == nil then
        r.report:fail(r.name .. " - nothing follows the answer to HEAD", data:sub(1, 200))
    elseif data ~= "" then
        r.report:note(("warning: %s - %d unexpected bytes after the response")
            :format(r.name, #data))
        r.report:note(data:sub(1, 200))
    end
end

local function one_connection(r, item, index, single)
    local count = math.max(#item.heads, tonumber(r.sections.responses) or 1)
    local options = talk_options(r, item.heads, count)
    local conv, err = client.talk(r.server.port, item.packets, options)
    if not conv then
        r.report:fail(r.name .. " - connect", err)
        return
    end
    if conv.timed_out and r.sections.abort == nil then
        r.report:fail(r.name .. " - client socket timed out", {
            ("nothing came for %g s; received so far:"):format(r.timeout), conv.data:sub(1, 500),
        })
    end
    if r.sections.ignore_response == nil and not r.no_status then
        check_responses(r, conv, item.heads, single and 1 or index, count)
    end
    check.connection(r, conv, index)
end

local function stream_talk(r)
    local values = r.sections
    local is_always = r.file.is_of_stream and values.stream_server_config ~= nil and values.exec == nil
    if not is_always and values.stream_response == nil and values.stream_response_like == nil
        and values.stream_request == nil then
        return
    end
    local conv, err = client.talk(r.stream_port, { { value = text_of(r, "stream_request") } },
        { timeout = r.timeout, shutdown = values.shutdown and (tonumber(values.shutdown) or 1) })
    if not conv then
        r.report:fail(r.name .. " - stream connect", err)
        return
    end
    check.stream(r, conv)
end

local function run_exec(r)
    if r.sections.exec == nil then
        return
    end
    r.expand("$TEST_NGINX_RAND_PORT_1") -- is in the environment then: a file that the command sources may name it
    local out, code, err = shell.run(text_of(r, "exec"), r.server.prefix .. "/logs",
        math.max(r.timeout, EXEC_LEAST))
    check.exec(r, out, code, err)
end

-- One repetition of the block against the running server.
local function round(r, requests)
    stream_talk(r)
    for i, item in ipairs(requests) do
        one_connection(r, item, i, #requests == 1)
    end
    if r.round == 0 then
        run_exec(r)
    end
    posix.sleep(parse_time(r.sections.wait) or 0)
    posix.sleep(tonumber(os.getenv("TEST_NGINX_SLEEP") or 0.005) * 3)
    check_log.after_request(r, function()
        -- What the server said before it opened its log stands on standard error.
        return r.round == 0 and r.server:all_lines() or r.server:log_lines()
    end)
    if not r.file.whole_log then
        r.server:mark_log()
    end
end

local function die_check(r)
    local want = tonumber(r.sections.must_die)
    local code = r.server:await_end(r.timeout)
    local name = r.name .. (want and " - die with the expected exit code" or " - die as expected")
    local good = code ~= nil and code ~= 0 and (not want or code == want)
    r.report:check(good, name, code and ("exit code " .. code) or "the server runs")
    r.server:stop()
    r.server.code = r.server.how == "exit" and 0 or r.server.code
    check_log.after_request(r, function()
        return r.server:all_lines()
    end)
end

local function write_files(r)
    if r.sections.user_files ~= nil then
        r.server:write_user_files(r.sections.user_files, r.expand)
    end
end

local function start(r)
    local srv = r.server
    write_files(r)
    srv:launch(config_text(r))
    if r.sections.must_die ~= nil then
        die_check(r)
        return false
    end
    local ok, err = srv:await_ready()
    if ok then
        return true
    end
    local missing = skip.missing_directive(srv:stderr_text())
    if missing then
        r.report:skip(r.name, "the server has no directive " .. missing)
        r.server.code = 0
        return false
    end
    local detail = check_log.tail(srv:all_lines())
    table.insert(detail, 1, err)
    for _, line in ipairs(srv:named_lines(srv:stderr_text())) do
        detail[#detail + 1] = line
    end
    r.report:fail(r.name .. " - the server starts", detail)
    r.server.code = r.server.how == "exit" and 0 or r.server.code
    return false
end

local function finish(r)
    local clean = r.server:stop()
    if not clean then
        r.report:note("warning: " .. r.name
            .. " - the server did not end on QUIT and was killed")
    end
    local function read()
        r.server.log_at = 0
        return r.server:log_lines()
    end
    check_log.after_stop(r, read)
    local broken = r.server:breakage()
    if broken[1] then
        r.report:fail(r.name .. " - the server stays whole", broken)
    end
end

-- The init section is Perl that runs once the server is up; by the lua filter it has run already.
local function run_init(r, context)
    local value, section = r.sections.init, r.block.sections.init
    if type(value) ~= "string" or section.filters[1] == "lua" then
        return
    end
    local out, err = perl.eval(value, context.vars, context.functions)
    if out == nil then
        r.report:fail(r.name .. " - init", err)
    end
end

local function serve(r, context)
    local requests = request.build(r.sections, r)
    if start(r) then
        run_init(r, context)
        for i = 0, r.file.repeat_each - 1 do
            r.round = i
            if i > 0 then
                write_files(r)
            end
            round(r, requests)
        end
    end
    finish(r)
end

-- A block without a configuration runs with that of the block before it.
local function inherit(r, file)
    local names = { "config", "http_config", "main_config", "user_files" }
    local values = r.sections
    if values.config == nil and file.last and (values.request or values.raw_request
        or values.pipelined_requests) then
        for _, name in ipairs(names) do
            values[name] = values[name] or file.last[name]
        end
    elseif values.config ~= nil then
        file.last = {}
        for _, name in ipairs(names) do
            file.last[name] = values[name]
        end
    end
end

local function prepare(r, context)
    local values, err = filter.values(r.block, context)
    if not values then
        r.report:fail(r.name .. " - sections can be read", err)
        return false
    end
    r.sections = values
    parse.apply_defaults(r.file, values, context.vars)
    local why, bad = skip.reason(values, r.server.binary, context)
    if why then
        r.report:skip(r.name, why)
        return false
    elseif bad then
        r.report:fail(r.name .. " - sections can be read", bad)
        return false
    end
    inherit(r, r.file)
    r.timeout = parse_time(values.timeout) or r.file.timeout
        or tonumber(os.getenv("TEST_NGINX_TIMEOUT")) or SILENCE_MOST
    r.server_name = values.server_name or r.file.server_name or "localhost"
    r.no_status = values.must_die ~= nil
    r.expand_pattern = function(value)
        return type(value) == "string" and r.expand_result(value) or value
    end
    return true
end

local function judge(r, options)
    local block = r.block
    local reason, unknown = sections.judge(block)
    if block.problem then
        r.report:fail(r.name .. " - sections can be read", block.problem)
        return false
    elseif reason then
        r.report:skip(r.name, reason)
        return false
    elseif unknown[1] and options.strict then
        r.report:fail(r.name .. " - sections are known", table.concat(unknown, ", "))
        return false
    end
    for _, name in ipairs(unknown) do
        r.report:note("warning: " .. r.name .. " - no section is called " .. name)
    end
    return true
end

local function show_server(r)
    r.report:note("configuration:\n" .. (posix.read_file(r.server.conf) or ""))
    r.report:note("error log:")
    for _, line in ipairs(check_log.tail(r.server:all_lines())) do
        r.report:note(line)
    end
end

local function new_run(file, block, report, setenv)
    local r = {
        file = file, block = block, report = report, round = 0, setenv = setenv,
        name = file.path .. " " .. block.name, expand = expander(setenv),
    }
    -- Texts that are compared with responses know the port by two more names.
    r.expand_result = function(text)
        return r.expand((text:gsub("%$ServerPort%f[%W]", "$TEST_NGINX_SERVER_PORT")
            :gsub("%$ServerPortForClient%f[%W]", "$TEST_NGINX_SERVER_PORT")))
    end
    return r
end

local function leave(r, options, failed)
    r.server:stop()
    if options.verbose and r.report.failed > failed then
        show_server(r)
    end
    if options.keep then
        r.report:note("kept: " .. r.server.prefix)
    else
        r.server:discard()
    end
end

--- Runs one block and reports its checks.
-- @tparam table file as parsed
-- @tparam table block
-- @tparam table report a reporter
-- @tparam table options binary, keep, verbose, strict
function M.run(file, block, report, options)
    local setenv, restore = scoped_env()
    local r = new_run(file, block, report, setenv)
    if not judge(r, options) then
        return
    end
    local failed = report.failed
    local port = file.server_port or sock.free_port(4)
    r.stream_port = port + 1
    r.server = server.new(options.binary, port)
    export(setenv, r.server, r.stream_port)
    local ok, err = pcall(function()
        local context = perl_context(file, r.server, setenv)
        if prepare(r, context) then
            serve(r, context)
        end
    end)
    if not ok then
        report:fail(r.name .. " - runs", tostring(err))
    end
    leave(r, options, failed)
    restore()
end

return M
