--- Child processes: their input and output are byte streams, their end is a deferred.

local argument = require "perilune.argument"
local byte_stream = require "perilune.byte_stream"
local core = require "perilune.core.process"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local options = require "perilune.options"
local task = require "perilune.task"
local wait = require("perilune.coroutines").wait

local process = {}
local Process = {}
local mt = { __index = Process, __name = "process" }

--- Bytes that `process.run` takes of stdout, and of stderr.
process.MAX_OUTPUT = 16 * 1024 * 1024

local known = {
    env = "table", dir = "string", stdin = "string", stdout = "string", stderr = "string", read_timeout = "seconds",
    write_timeout = "seconds", high_watermark = "bytes", low_watermark = "bytes",
}
local known_run = options.together(known, { input = "any", timeout = "seconds", max_output = "bytes" })

local ends = { pipe = true, null = true, inherit = true }

--- For `checked`, which blames its own caller's caller.
local function texts_of(args, what)
    if type(args) ~= "table" or #args == 0 then
        error(("bad argument 'args' to process.%s (an array of the program and its arguments expected)"):format(what),
            4)
    end
    local texts = {}
    for i, arg in ipairs(args) do
        if type(arg) ~= "string" and type(arg) ~= "number" then
            argument.bad("args", "process." .. what, "strings expected, got " .. type(arg), 4)
        elseif tostring(arg):find("\0", 1, true) then
            argument.bad("args", "process." .. what, "NUL in an argument", 4)
        end
        texts[i] = tostring(arg)
    end
    return texts
end

--- The texts of the arguments and the options, both checked for the caller's caller.
local function checked(args, opts, names, what)
    args = texts_of(args, what)
    opts = options.check(opts or {}, names, "process." .. what, 3)
    for _, name in ipairs { "stdin", "stdout", "stderr" } do
        local kind = opts[name]
        if kind and not ends[kind] and not (kind == "stdout" and name == "stderr") then
            error(("bad option '%s' of process.%s ('pipe', 'null'%s or 'inherit' expected)"):format(name, what,
                name == "stderr" and ", 'stdout'" or ""), 3)
        end
    end
    return args, opts
end

--- The environment as the system wants it.
local function environment(env)
    if not env then
        return nil
    end
    local out = {}
    for name, value in pairs(env) do
        out[#out + 1] = ("%s=%s"):format(name, value)
    end
    table.sort(out)
    return out
end

local function stream_of(self, own, opts)
    if not own then
        return nil
    end
    local s = byte_stream.begin(byte_stream.new(own, byte_stream.kind(opts)))
    s.process = self -- who reads needs the process: it is killed when it is collected
    return s
end

local function start(args, opts)
    local own, stdin, stdout, stderr = core.spawn(args, {
        env = environment(opts.env), dir = opts.dir, stdin = opts.stdin, stdout = opts.stdout, stderr = opts.stderr,
    })
    if not own then
        error(failure.new(stdin, ("%s cannot be started: %s"):format(args[1], stdout)), 0)
    end
    local self = setmetatable({ core = own, pid = core.pid(own) }, mt)
    self.stdin = stream_of(self, stdin, opts)
    self.stdout = stream_of(self, stdout, opts)
    self.stderr = stream_of(self, stderr, opts)
    return self
end

--- Starts a process. It is killed when nobody has this object, one of its streams or what `wait` gave any more.
-- @tparam table args the program, looked for along PATH, and its arguments; no shell is involved
-- @tparam[opt] table opts `env` (table of names and values; ours), `dir` (ours), `stdin`, `stdout`, `stderr`: "pipe",
-- "null", "inherit", and for stderr "stdout"; `read_timeout`, `write_timeout`, `high_watermark`, `low_watermark` of the
-- streams
-- @treturn table process with `pid` and, where there are pipes, `stdin`, `stdout`, `stderr`: byte streams as those of
-- perilune.tcp
-- @raise error object when it cannot be started: `not_found`, `denied`, `no_resources`, …
function process.spawn(args, opts)
    return start(checked(args, opts, known, "spawn"))
end

local function status_of(reason, number)
    return { reason = reason, status = number, ok = reason == "exit" and number == 0 }
end

--- How it ended.
-- @treturn ?table `{reason = "exit" or "signal", status = number, ok = boolean}`, nil while it runs
function Process:status()
    local reason, number = core.status(self.core)
    return reason and status_of(reason, number) or nil
end

local function await_end(self)
    local reason, number = core.wait(self.core)
    if reason == core.WAIT then
        wait()
        reason, number = core.status(self.core)
    end
    if not reason then
        error(failure.new(number or "closed", "the process was let go"), 0)
    end
    return status_of(reason, number)
end

--- Waits for the end of the process; its output may still be read then. Giving up does not end it.
-- @treturn deferred of what `status` gives
function Process:wait()
    if not self.ended then
        self.ended = task.detach(await_end, self)
    end
    return self.ended:shield()
end

local function number_of(signal)
    if type(signal) == "number" then
        return signal
    end
    local number = type(signal) == "string" and core.signal((signal:upper():gsub("^SIG", "")))
    if not number then
        argument.bad("signal", "process:kill", "no signal " .. tostring(signal), 3)
    end
    return number
end

--- Sends a signal.
-- @param[opt="TERM"] signal a number, or a name with or without "SIG"
-- @treturn boolean false when the process has ended
function Process:kill(signal)
    local ok, code, text = core.kill(self.core, number_of(signal or "TERM"))
    if not ok and code ~= "not_found" then
        error(failure.new(code, text), 0)
    end
    return ok or false
end

--- Lets go: closes the pipes, and kills the process (SIGKILL) when it still runs.
function Process:destroy()
    for _, s in pairs { self.stdin, self.stdout, self.stderr } do
        s:abort()
    end
    core.destroy(self.core)
end

--- Everything that comes from `stream`.
local function collect(stream, most, name)
    local pieces, n = {}, 0
    for piece in stream:each() do
        n = n + #piece
        if n > most then
            error(failure.new("too_large", ("more than %d bytes on %s"):format(most, name)), 0)
        end
        pieces[#pieces + 1] = piece
    end
    return table.concat(pieces)
end

--- A process that does not want all of its input is no error.
local function feed(stream, input)
    if input ~= nil and stream:is_open() then
        stream:put(input):try_await()
    end
    stream:close():try_await()
end

local function run(args, opts)
    local p = start(args, opts)
    task.defer(function()
        p:destroy()
    end)
    local most = opts.max_output or process.MAX_OUTPUT
    local parts = { p:wait() }
    if p.stdin then
        task.spawn(feed, p.stdin, opts.input)
    end
    for i, name in ipairs { "stdout", "stderr" } do
        parts[i + 1] = p[name] and task.spawn(collect, p[name], most, name) or deferred.success_deferred(false)
    end
    local all = await(deferred.zip(unpack(parts)))
    local result = all[1]
    result.stdout, result.stderr = all[2] or nil, all[3] or nil
    return result
end

--- Runs a program to its end. Cancelling the deferred, a timeout and too much output kill it.
-- @tparam table args as of `spawn`
-- @tparam[opt] table opts those of `spawn`, and `input` (what `put` of a byte stream takes; none), `timeout` (seconds
-- for all of it; none), `max_output` (bytes of each of stdout and stderr; MAX_OUTPUT)
-- @treturn deferred of `{reason=, status=, ok=, stdout=, stderr=}`; fails with `timeout`, `too_large` or as `spawn`
function process.run(args, opts)
    args, opts = checked(args, opts, known_run, "run")
    local d = task.spawn(run, args, opts)
    return opts.timeout and opts.timeout > 0 and d:timeout(opts.timeout) or d
end

return process
