--- One server for one block: its directory, its process, its logs.
--
-- The process is a child of the runner (`daemon off`). It is ready when the kernel shows a
-- listening socket on its port, so the server never sees a probing connection. It is stopped
-- with QUIT, then KILL. Reports of sanitizers and a death by signal are kept for the checks.
-- @module perilune.test.server

local posix = require "perilune.test.posix"
local sock = require "perilune.test.sock"

local M = {}

local START_LIMIT, STOP_LIMIT = 60, 15

local INDEX = "<html><head><title>It works!</title></head><body>It works!</body></html>"

local methods = {}
local Server = { __name = "perilune.test.server", __index = methods }

--- Makes the directory of a server. Nothing runs yet.
-- @tparam string binary program to start
-- @tparam number port that it will listen on
function M.new(binary, port)
    local base = os.getenv("TMPDIR") or "/tmp"
    local directory, err = posix.mkdtemp(base .. "/perilune-t-")
    if not directory then
        error(err, 0)
    end
    -- Tests look for this tail in messages that hold a path, and for t/cert beside it.
    local prefix = directory .. "/t/servroot"
    for _, name in ipairs { "conf", "logs", "html" } do
        posix.mkdir_p(prefix .. "/" .. name)
    end
    posix.write_file(prefix .. "/html/index.html", INDEX)
    for _, name in ipairs { "cert", "data" } do
        local shared = posix.getcwd() .. "/t/" .. name
        if posix.list(shared) then
            posix.symlink(shared, directory .. "/t/" .. name)
        end
    end
    return setmetatable({
        directory = directory, prefix = prefix, html = prefix .. "/html",
        binary = binary, port = port, log_at = 0,
        error_log = prefix .. "/logs/error.log", stderr = prefix .. "/logs/stderr.txt",
        conf = prefix .. "/conf/nginx.conf",
    }, Server)
end

local function write_user_file(server, name, body, date)
    local path = name:sub(1, 1) == "/" and name or (server.html .. "/" .. name)
    posix.mkdir_p(path:match("^(.*)/"))
    assert(posix.write_file(path, body))
    if date then
        os.execute(("TZ=GMT touch -t '%s' '%s'"):format(date, path))
    end
end

--- Writes the files of a `user_files` section: text with `>>> name [date]` lines, or an array
-- of `{name, body, date}`.
function methods:write_user_files(value, expand)
    if type(value) == "table" then
        for _, item in ipairs(value) do
            write_user_file(self, item[1], expand(item[2] or ""), item[3])
        end
        return
    end
    local name, date, body
    for line in (value .. (value:match("\n$") and "" or "\n")):gmatch("[^\n]*\n") do
        local new, rest = line:match(">>> (%S+)%s*(.-)%s*$")
        if new then
            if name then
                write_user_file(self, name, expand(table.concat(body)), date)
            end
            name, date, body = new, rest ~= "" and rest or nil, {}
        elseif name then
            body[#body + 1] = line
        end
    end
    if name then
        local last = table.concat(body)
        if not value:match("\n$") then
            last = last:gsub("\n$", "")
        end
        write_user_file(self, name, expand(last), date)
    end
end

--- Starts the program with the given configuration text.
function methods:launch(text)
    assert(posix.write_file(self.conf, text))
    local argv = { self.binary, "-p", self.prefix .. "/", "-c", self.conf }
    self.pid = posix.spawn(argv, self.prefix .. "/logs/stdout.txt", self.stderr)
end

-- Notes the end of the process when it has ended; returns true then.
function methods:ended()
    if self.how then
        return true
    end
    self.how, self.code = posix.wait(self.pid)
    return self.how ~= nil
end

local function port_open(port)
    local listening = sock.is_listening(port)
    if listening == nil then
        local fd = sock.connect("127.0.0.1", port, 0.2)
        if fd then
            sock.close(fd)
        end
        return fd ~= nil
    end
    return listening
end

-- The commands of a block look its process up in the pid file, which is written after the sockets were opened.
local function has_pid_file(self)
    local text = posix.read_file(self.prefix .. "/logs/nginx.pid")
    return text ~= nil and text:find("%d+\n") ~= nil
end

--- Waits until the server listens and has written its pid file. Returns true, or nil and what went wrong.
function methods:await_ready()
    local deadline = posix.now() + START_LIMIT
    while posix.now() < deadline do
        if self:ended() then
            return nil, ("the server ended at start (%s %s)"):format(self.how, tostring(self.code))
        end
        if port_open(self.port) and has_pid_file(self) then
            return true
        end
        posix.sleep(0.004)
    end
    return nil, ("the server did not listen on port %d and write its pid within %d s"):format(self.port, START_LIMIT)
end

--- Waits for a server that should refuse to start. Returns exit code, or nil when it runs.
function methods:await_end(seconds)
    if not self.how then
        self.how, self.code = posix.wait_until(self.pid, seconds)
    end
    return self.how == "exit" and self.code or nil
end

--- Stops the server. Returns true when it ended by itself within the limit.
function methods:stop()
    if not self.pid or self:ended() then
        return true
    end
    self.stopping = true
    posix.kill(self.pid, posix.SIGQUIT)
    self.how, self.code = posix.wait_until(self.pid, STOP_LIMIT)
    if self.how then
        posix.kill_group(self.pid, posix.SIGKILL)
        return true
    end
    self.killed = true
    posix.kill_group(self.pid, posix.SIGKILL)
    self.how, self.code = posix.wait(self.pid, true)
    return false
end

--- Removes the directory.
function methods:discard()
    posix.remove_all(self.directory)
end

local function lines_of(text)
    local out = {}
    for line in text:gmatch("[^\n]*\n?") do
        if line ~= "" then
            out[#out + 1] = line
        end
    end
    return out
end

--- The lines of the error log, from what `mark_log` marked on.
function methods:log_lines()
    local text = posix.read_file(self.error_log) or ""
    return lines_of(text:sub(self.log_at + 1))
end

--- Lines written from now on are the next ones that `log_lines` returns.
function methods:mark_log()
    self.log_at = #(posix.read_file(self.error_log) or "")
end

function methods:access_lines()
    return lines_of(posix.read_file(self.prefix .. "/logs/access.log") or "")
end

function methods:stderr_text()
    return posix.read_file(self.stderr) or ""
end

--- The lines of the configuration that a message names, which goes with its directory.
-- @tparam string message
-- @treturn table array of texts
function methods:named_lines(message)
    local conf, out, seen = lines_of(posix.read_file(self.conf) or ""), {}, {}
    for number in message:gmatch("nginx%.conf:(%d+)") do
        local line = not seen[number] and conf[tonumber(number)]
        if line then
            seen[number] = true
            out[#out + 1] = ("line %s of the configuration: %s"):format(number, line:match("^%s*(.-)%s*$"))
        end
    end
    return out
end

--- The error log and, for messages that only stand there, standard error.
function methods:all_lines()
    local out, seen = self:log_lines(), {}
    for _, line in ipairs(out) do
        seen[line] = true
    end
    for _, line in ipairs(lines_of(self:stderr_text())) do
        if not seen[line] then
            out[#out + 1] = line
        end
    end
    return out
end

local REPORTS = {
    "ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
    "runtime error: ", "Assertion failed", "Assertion `", "CHECK failed",
}

--- What shows that the process broke: a list of lines, empty when it is well.
function methods:breakage()
    local out = {}
    local text = self:stderr_text()
    for _, mark in ipairs(REPORTS) do
        local at = text:find(mark, 1, true)
        if at then
            local from = at
            while from > 1 and text:byte(from - 1) ~= 10 do
                from = from - 1
            end
            out[#out + 1] = "standard error: " .. text:sub(from, from + 3000)
            break
        end
    end
    for _, line in ipairs(lines_of(posix.read_file(self.error_log) or "")) do
        if line:find("Assertion .-failed") then
            out[#out + 1] = "error log: " .. line
        end
    end
    if self.how == "signal" and not self.killed then
        out[#out + 1] = ("the server was ended by signal %d"):format(self.code)
    elseif self.how == "exit" and self.code ~= 0 then
        out[#out + 1] = ("the server ended with exit code %d"):format(self.code)
    end
    return out
end

return M
