--- Runs the snippets of a page: perilune run t/lib/docs_snippets.lua BINARY PAGE DIRECTORY PORT [PORT_OF_REDIS]
--
-- A fenced block is run when the word behind its language says so; other blocks are left alone:
--
--     ```lua file=NAME     is written to NAME, for what follows on the page
--     ```lua run           is run by `perilune run`; exit code 0, and the output that a following block `text` shows
--     ```nginx server      is the inside of a server block; a server is started with it, in place of the one before
--     ```nginx main        is a whole configuration: `perilune -t` must accept it; *.pem of the page lie beside it
--     ```nginx http        is the inside of `http`, or that block: accepted likewise; conf/*_params beside it
--     ```console           lines after `$ ` are run; the lines below are the output, `…` is anything
--
-- Ports 8080 and 6379 of the page are the given ones, `build/perilune` the given binary. The last line is:
-- `ok, N snippets`.

local binary, page, directory, port, redis_port = ...

local CONFIG = [[
daemon off; master_process off; pid %s/perilune.pid; error_log %s/error.log; %s events {}
http {
access_log off; default_type text/plain; client_body_temp_path %s/body;
lua_package_path "%s/?.lua;;";
server { listen 127.0.0.1:%s;
%s
} }
]]

local server, failures, count = nil, 0, 0

local function write(path, text)
    local folder = path:match("^(.*)/")
    os.execute("mkdir -p '" .. folder .. "'")
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

local function read(path)
    local file = io.open(path)
    local text = file and file:read("*a") or ""
    if file then
        file:close()
    end
    return text
end

-- The output, both kinds, and the exit code.
local function shell(command)
    local code_file = directory .. "/code"
    local pipe = assert(io.popen(("cd '%s' && (%s) 2>&1; echo $? >'%s'"):format(directory, command, code_file)))
    local out = pipe:read("*a")
    pipe:close()
    return out, tonumber(read(code_file))
end

local function fail(block, what)
    failures = failures + 1
    io.write(("%s:%d: %s\n"):format(page, block.line, what))
end

local function pattern_of(expected)
    return "^" .. expected:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0"):gsub("…", ".-") .. "$"
end

local function compare(block, got, expected)
    if not got:match(pattern_of(expected)) then
        fail(block, "expected\n" .. expected .. "but got\n" .. got)
    end
end

local function stop_server()
    if server then
        os.execute("kill -QUIT " .. server .. "; for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 " .. server
            .. " 2>/dev/null || break; sleep 0.1; done")
        server = nil
    end
end

local function user()
    local pipe = assert(io.popen("id -un"))
    local name = pipe:read("*l")
    pipe:close()
    return name == "root" and "user root;" or ""
end

local function start_server(block)
    stop_server()
    local d = directory
    write(d .. "/server.conf", CONFIG:format(d, d, user(), d, d, port, block.text))
    os.execute(("cd '%s' && '%s' -p '%s' -c server.conf >>out.txt 2>&1 & echo $! >'%s/pid'"):format(d, binary, d, d))
    os.execute(("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do curl -s -o /dev/null http://127.0.0.1:%s/ && break; "
        .. "sleep 0.1; done"):format(port))
    server = tonumber(read(d .. "/pid"))
    if os.execute("kill -0 " .. server .. " 2>/dev/null") ~= 0 then
        fail(block, "the server did not start:\n" .. read(d .. "/out.txt"))
        server = nil
    end
end

local function run_console(block)
    local command, expected
    local function check()
        if command then
            compare(block, (shell(command)), expected)
        end
    end
    for line in block.text:gmatch("([^\n]*)\n") do
        if line:sub(1, 2) == "$ " then
            check()
            command, expected = line:sub(3), ""
        else
            expected = expected .. line .. "\n"
        end
    end
    check()
end

local function run_lua(block, next_block)
    write(directory .. "/snippet.lua", block.text)
    local out, code = shell(("'%s' run snippet.lua"):format(binary))
    if code ~= 0 then
        fail(block, ("exit code %s:\n%s"):format(tostring(code), out))
    elseif next_block and next_block.info == "text" then
        compare(block, out, next_block.text)
    end
end

local function test_main(block, text)
    local path = directory .. "/main/conf/perilune.conf"
    write(path, text)
    os.execute(("mkdir -p '%s/main/logs'; cp '%s'/*.pem '%s/main' 2>/dev/null"):format(directory, directory, directory))
    local out, code = shell(("'%s' -t -p '%s/main' -c conf/perilune.conf"):format(binary, directory))
    if code ~= 0 then
        fail(block, out)
    end
end

local function test_http(block)
    local conf = page:match("^(.*/)docs/") .. "conf/"
    for _, name in ipairs({ "fastcgi_params", "uwsgi_params", "scgi_params" }) do
        write(directory .. "/main/conf/" .. name, read(conf .. name))
    end
    local is_whole = block.text:find("^http {")
    test_main(block, "events {}\n" .. (is_whole and block.text or "http {\n" .. block.text .. "}\n"))
end

local function run(block, next_block)
    local name = block.info:match("^%w+ file=(%S+)$")
    if name then
        write(directory .. "/" .. name, block.text)
    elseif block.info == "lua run" then
        run_lua(block, next_block)
    elseif block.info == "nginx server" then
        start_server(block)
    elseif block.info == "nginx main" then
        test_main(block, block.text)
    elseif block.info == "nginx http" then
        test_http(block)
    elseif block.info == "console" then
        run_console(block)
    else
        return
    end
    count = count + 1
end

local function blocks_of(text)
    local blocks, open, number = {}, nil, 0
    for line in text:gmatch("([^\n]*)\n") do
        number = number + 1
        local info = line:match("^```(.*)$")
        if info and open then
            open.text = table.concat(open, "\n") .. "\n"
            blocks[#blocks + 1], open = open, nil
        elseif info then
            open = { info = info, line = number }
        elseif open then
            open[#open + 1] = line:gsub("localhost:8080", "127.0.0.1:" .. port):gsub("build/perilune", binary)
                :gsub("port = 6379", "port = " .. (redis_port or "6379"))
        end
    end
    return blocks
end

os.execute("mkdir -p '" .. directory .. "'")
local blocks = blocks_of(read(page))
for i, block in ipairs(blocks) do
    run(block, blocks[i + 1])
end
stop_server()
io.write(("%s, %d snippets\n"):format(failures == 0 and "ok" or "FAILED", count))
