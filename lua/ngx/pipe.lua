--- ngx.pipe: child processes, as OpenResty has them. Natively: perilune.process.
--
-- A process belongs to the request or timer that started it and ends with that; others may use it meanwhile. Each
-- direction has one user at a time.

local bytes = require "perilune.core.stream"
local context = require "ngx.api.context"
local core = require "perilune.core.process"
local ngx_core = require "perilune.core.ngx"
local socket_core = require "perilune.core.socket"

local native = require "ngx.api.native"

local WAIT = bytes.WAIT
local read_line, read_all, read, read_some = bytes.read_line, bytes.read_all, bytes.read, bytes.read_some
local is_open = bytes.is_open
local type, tostring, tonumber, getmetatable = type, tostring, tonumber, getmetatable
local floor = math.floor

local DEBUG = 8
local TIMEOUT_MS, TIMEOUT_MOST = 10000, 0xffffffff
local STREAM_MOST_MS = 3999999999 -- what a stream takes; 46 days

local pipe = { version = "0.1.33" }
local methods = {}
local mt = { __index = methods, __name = "process" }

local timeout_names = { "write_timeout", "stdout_read_timeout", "stderr_read_timeout", "wait_timeout" }

local function debug_line(...)
    if ngx_core.is_logged(DEBUG) then
        native.log_line(DEBUG, table.concat({ ... }))
    end
end

local function check_process(self)
    if type(self) ~= "table" or getmetatable(self) ~= mt then
        error("not a process instance", 3)
    end
end

-- starting

local function set_timeouts(self, values, level)
    for _, name in ipairs(timeout_names) do
        local ms = values[name]
        if ms then
            if ms < 0 or ms > TIMEOUT_MOST then
                error("bad " .. name .. " option", level + 1)
            end
            self[name] = ms
        end
    end
end

local function read_args(args)
    if type(args) == "string" then
        return { "/bin/sh", "-c", args }
    elseif type(args) ~= "table" then
        error("bad args arg: table expected, got " .. type(args), 3)
    end
    local texts = {}
    for i, arg in ipairs(args) do
        texts[i] = tostring(arg)
    end
    if #texts == 0 then
        error("bad args arg: non-empty table expected", 3)
    end
    return texts
end

local function read_environ(environ)
    if not environ then
        return nil
    elseif type(environ) ~= "table" then
        error("bad environ option: table expected, got " .. type(environ), 3)
    end
    local entries = {}
    for i, entry in ipairs(environ) do
        local where = "bad value at index " .. i .. " of environ option: "
        if type(entry) ~= "string" then
            error(where .. "string expected, got " .. type(entry), 3)
        elseif not entry:find("=", 2, true) then
            error(where .. "'name=[value]' format expected, got '" .. entry .. "'", 3)
        end
        entries[i] = entry
    end
    return entries[1] and entries or nil
end

local function check_buffer_size(size)
    size = tonumber(size)
    if not size or size < 1 then
        error("bad buffer_size option", 3)
    end
    return size
end

--- What cannot be executed is a process that exits with 1.
local function start(args, how)
    local own, stdin, stdout, stderr = core.spawn(args, how)
    if own then
        return own, stdin, stdout, stderr
    end
    local text = stdout
    own, stdin, stdout, stderr = core.spawn({ "/bin/sh", "-c", "exit 1" }, how)
    if own then
        return own, stdin, stdout, stderr
    end
    return nil, "fork() failed: " .. text
end

--- Starts a process. A string is given to the shell. What it reads and writes passes through pipes; it is killed when
-- the request ends, or nobody has the object any more.
-- @tparam table|string args
-- @tparam[opt] table opts `merge_stderr`, `buffer_size` (checked, and without effect), `environ`, and milliseconds:
-- `write_timeout`, `stdout_read_timeout`, `stderr_read_timeout`, `wait_timeout` (10000 each, 0: none)
-- @treturn ?table process
-- @treturn ?string error
function pipe.spawn(args, opts)
    if native.C.ffi_ngx_context() == context.numbers.init then
        error("API disabled in the current context", 2)
    end
    args = read_args(args)
    opts = opts or {}
    local size = opts.buffer_size and check_buffer_size(opts.buffer_size) or 4096
    local how = {
        env = read_environ(opts.environ), stderr = opts.merge_stderr and "stdout" or nil, is_told = true,
    }
    local self = setmetatable({ is_merged = opts.merge_stderr and true or false, readers = {} }, mt)
    for _, name in ipairs(timeout_names) do
        self[name] = TIMEOUT_MS
    end
    set_timeouts(self, opts, 2)
    local own, stdin, stdout, stderr = start(args, how)
    if not own then
        return nil, stdin
    end
    self.core, self.stdin, self.stdout, self.stderr = own, stdin, stdout, stderr
    if stderr then
        socket_core.own_process(own, stdin, stdout, stderr)
    else
        socket_core.own_process(own, stdin, stdout)
    end
    debug_line("lua pipe spawn process:", ("%X"):format(core.pid(own)), " pid:", core.pid(own), " merge_stderr:",
        self.is_merged and 1 or 0, " buffer_size:", size)
    return self
end

--- The process's number.
function methods:pid()
    check_process(self)
    return core.pid(self.core)
end

--- Sets the timeouts, in milliseconds; nil leaves one as it is, 0 is none.
function methods:set_timeouts(write, stdout_read, stderr_read, wait)
    check_process(self)
    set_timeouts(self, {
        write_timeout = write, stdout_read_timeout = stdout_read, stderr_read_timeout = stderr_read,
        wait_timeout = wait,
    }, 2)
end

local function set_stream_timeouts(s, read_ms, write_ms)
    bytes.set_timeouts(s, math.min(read_ms, STREAM_MOST_MS), math.min(write_ms, STREAM_MOST_MS))
end

-- reading

--- What a read that brought nothing means.
local function read_failed(s, code, partial, has_waited)
    if code == "busy" then
        return nil, "pipe busy reading"
    elseif code == "timeout" then
        return nil, "timeout", partial
    elseif has_waited and not is_open(s) then
        return nil, "aborted"
    end
    bytes.close(s)
    return nil, "closed", partial
end

--- What is told when a thread that waits is killed.
local reader_is_gone = {
    stdout = function()
        debug_line("lua pipe proc read stdout cleanup")
    end,
    stderr = function()
        debug_line("lua pipe proc read stderr cleanup")
    end,
}

--- To be called as the last thing of a method: errors are put down to who called that.
local function read_from(self, name, op, arg)
    if type(self) ~= "table" or getmetatable(self) ~= mt then
        error("not a process instance", 2)
    end
    context.check(context.waiting, 2)
    if self.is_merged and name == "stderr" then
        return nil, "merged to stdout"
    end
    local s, has_waited = self[name], false
    if not is_open(s) then
        return nil, "closed"
    end
    local ms = self[name .. "_read_timeout"]
    self.readers[name] = true
    debug_line("lua pipe read process:", core.pid(self.core), " ", name)
    set_stream_timeouts(s, ms, 0)
    local data, code, partial = op(s, arg)
    if data == WAIT then
        if ms > 0 then
            debug_line("lua pipe add timer for reading: ", ms, "(ms)")
        end
        debug_line("lua pipe read yielding")
        has_waited = true
    end
    while data == WAIT do
        context.wait(reader_is_gone[name])
        data, code, partial = op(s, arg)
    end
    if not data then
        return read_failed(s, code, partial, has_waited)
    elseif op == read_all then
        bytes.close(s)
    end
    return data
end

local function check_length(n)
    n = tonumber(n)
    if not n or n < 0 then
        error("bad len argument", 3)
    end
    return floor(n)
end

local function check_most(n)
    n = tonumber(n)
    if not n or n <= 0 then
        error("bad max argument", 3)
    end
    return math.max(floor(n), 1)
end

for _, name in ipairs { "stdout", "stderr" } do
    --- Everything until the end.
    -- @treturn ?string data
    -- @treturn ?string error: "timeout", "closed", "aborted" (by shutdown), "pipe busy reading", "merged to stdout"
    -- @treturn ?string what came before the error
    methods[name .. "_read_all"] = function(self)
        return read_from(self, name, read_all)
    end

    --- A line, without its LF or CR LF.
    methods[name .. "_read_line"] = function(self)
        return read_from(self, name, read_line)
    end

    --- Exactly `n` bytes.
    methods[name .. "_read_bytes"] = function(self, n)
        n = check_length(n)
        if n == 0 then
            return ""
        end
        return read_from(self, name, read, n)
    end

    --- What there is, at most `most` bytes.
    methods[name .. "_read_any"] = function(self, most)
        most = check_most(most)
        return read_from(self, name, read_some, most)
    end
end

-- writing

local function text_of(data)
    local kind = type(data)
    if kind == "string" then
        return data
    elseif kind == "table" then
        return table.concat(data)
    elseif kind == "number" then
        return tostring(data)
    end
    error("bad data arg: string, number, or table expected, got " .. kind, 3)
end

local function write_failed(s, code, has_waited)
    if code == "busy" then
        return nil, "pipe busy writing"
    elseif code == "timeout" then
        bytes.discard(s)
        return nil, "timeout"
    elseif has_waited and not is_open(s) then
        return nil, "aborted"
    elseif is_open(s) then
        debug_line("lua pipe write data error pipe:", ("%X"):format(bytes.fd(s)), " (32: Broken pipe)")
        bytes.close(s)
    end
    return nil, "closed"
end

local function writer_is_gone()
    debug_line("lua pipe proc write cleanup")
end

--- Writes all of `data` to the process.
-- @param data string, number, or array of strings
-- @treturn ?number bytes
-- @treturn ?string error: "timeout", "closed", "aborted" (by shutdown), "pipe busy writing"
function methods:write(data)
    check_process(self)
    context.check(context.waiting)
    local text, s, has_waited = text_of(data), self.stdin, false
    if not is_open(s) then
        return nil, "closed"
    end
    set_stream_timeouts(s, 0, self.write_timeout)
    local n, code = bytes.write(s, text)
    if not n then
        return write_failed(s, code)
    elseif code == true then
        return n
    end
    local ok
    ok, code = bytes.drained(s)
    if ok == WAIT then
        if self.write_timeout > 0 then
            debug_line("lua pipe add timer for writing: ", self.write_timeout, "(ms)")
        end
        debug_line("lua pipe write yielding")
        has_waited = true
    end
    while ok == WAIT do
        context.wait(writer_is_gone)
        ok, code = bytes.drained(s)
    end
    if ok then
        return n
    end
    return write_failed(s, code, has_waited)
end

--- Closes a direction; who waits on it gets "aborted".
-- @tparam string direction "stdin", "stdout", "stderr"
-- @treturn ?boolean true
-- @treturn ?string error: "closed" when the process was waited for, "merged to stdout"
function methods:shutdown(direction)
    check_process(self)
    if direction ~= "stdin" and direction ~= "stdout" and direction ~= "stderr" then
        error("bad shutdown arg: " .. tostring(direction), 2)
    end
    if self.is_merged and direction == "stderr" then
        return nil, "merged to stdout"
    elseif self.is_over then
        return nil, "closed"
    end
    bytes.discard(self[direction])
    bytes.close(self[direction])
    return true
end

-- the end

--- It has been waited for: output that nobody has begun to read is gone. Who has begun may read to the end.
local function finish(self, reason, status)
    self.is_over = true
    for _, name in ipairs { "stdin", "stdout", "stderr" } do
        if self[name] and not self.readers[name] then
            bytes.close(self[name])
        end
    end
    return reason == "exit" and status == 0, reason, status
end

local function waiter_is_gone()
    debug_line("lua pipe proc wait cleanup")
end

--- Waits for the end of the process.
-- @treturn ?boolean did it exit with 0? nil: an error
-- @treturn string "exit" or "signal"; or an error: "timeout", "exited" (waited for before), "pipe busy waiting"
-- @treturn ?number exit status, or signal
function methods:wait()
    check_process(self)
    context.check(context.waiting)
    if self.is_over then
        return nil, "exited"
    end
    local ms = self.wait_timeout
    debug_line("lua pipe wait process:", core.pid(self.core))
    local reason, status = core.wait(self.core, ms)
    if reason == WAIT then
        if ms > 0 then
            debug_line("lua pipe add timer for waiting: ", ms, "(ms)")
        end
        context.wait(waiter_is_gone)
        reason, status = core.status(self.core)
        if not reason then
            return nil, status or "timeout"
        end
    elseif not reason then
        return nil, status == "busy" and "pipe busy waiting" or "exited"
    end
    return finish(self, reason, status)
end

--- Sends a signal.
-- @tparam number signal
-- @treturn ?boolean true
-- @treturn ?string error: "exited", "invalid signal"
function methods:kill(signal)
    check_process(self)
    if type(signal) ~= "number" then
        error("bad signal arg: number expected, got " .. tostring(signal), 2)
    end
    local ok, code, text = core.kill(self.core, signal)
    if ok then
        return true
    elseif code == "not_found" then
        return nil, "exited"
    elseif code == "invalid" then
        return nil, "invalid signal"
    end
    return nil, text
end

return pipe
