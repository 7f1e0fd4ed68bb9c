--- The runner behind `perilune test`: finds `.t` files, runs them, prints TAP.
--
--     local code = require("perilune.test").run({ "t/", "-j", "2" }, "/usr/bin/perilune")
--
-- Files run one after the other, or side by side in up to N child processes; results are
-- always printed in the order of the files.
-- @module perilune.test

local block = require "perilune.test.block"
local parse = require "perilune.test.parse"
local posix = require "perilune.test.posix"
local tap = require "perilune.test.tap"

local M = {}

local USAGE = [[
usage: perilune test [options] file.t|directory ...
  -v, --verbose        show the configuration and the log of failed blocks
  -j, --jobs N         run N files side by side
  -k, --keep           keep the directories of the servers
  -n, --block TEXT     only blocks whose name holds TEXT ("TEST 3:" and the like)
  -s, --strict         fail blocks that have unknown sections
  -b, --binary PATH    the server to test (TEST_NGINX_BINARY goes before it)
  -m, --modules LIST   modules to load (as TEST_NGINX_LOAD_MODULES)
  -h, --help           this text
]]

local FLAGS = {
    ["-v"] = "verbose", ["--verbose"] = "verbose", ["-k"] = "keep", ["--keep"] = "keep",
    ["-h"] = "help", ["--help"] = "help", ["-s"] = "strict", ["--strict"] = "strict",
}

local VALUES = {
    ["-j"] = "jobs", ["--jobs"] = "jobs", ["-b"] = "binary", ["--binary"] = "binary",
    ["-m"] = "modules", ["--modules"] = "modules", ["-n"] = "only", ["--block"] = "only",
}

local function read_arguments(argv)
    local options, paths, i = { jobs = 1 }, {}, 1
    while argv[i] do
        local word = argv[i]
        local name, value = word:match("^(%-%-%w+)=(.*)$")
        local jobs = word:match("^%-j(%d+)$")
        if jobs then
            options.jobs = jobs
        elseif name and VALUES[name] then
            options[VALUES[name]] = value
        elseif FLAGS[word] then
            options[FLAGS[word]] = true
        elseif VALUES[word] then
            i = i + 1
            if not argv[i] then
                return nil, word .. " needs a value"
            end
            options[VALUES[word]] = argv[i]
        elseif word:match("^%-.") then
            return nil, "unknown option " .. word
        else
            paths[#paths + 1] = word
        end
        i = i + 1
    end
    options.jobs = tonumber(options.jobs)
    if not options.jobs or options.jobs < 1 then
        return nil, "-j needs a positive number"
    end
    return options, paths
end

-- Directories of other test kinds, and of servers that other runners left behind.
local NOT_SEARCHED = { servroot = true, lib = true, data = true, unit = true, fuzz = true }

local function collect(path, out)
    local names = posix.list(path)
    if not names then
        out[#out + 1] = path
        return
    end
    path = path:gsub("/+$", "")
    for _, name in ipairs(names) do
        local full = path .. "/" .. name
        if name:match("%.t$") then
            out[#out + 1] = full
        elseif not name:match("^%.") and not NOT_SEARCHED[name] and posix.list(full) then
            collect(full, out)
        end
    end
end

local function wanted(item, options)
    return not options.only or item.name:find(options.only, 1, true)
end

local function run_text(text, path, report, options)
    local file, before = parse.parse(text, path), report.count
    for _, item in ipairs(file.blocks) do
        if wanted(item, options) then
            block.run(file, item, report, options)
        end
    end
    if report.count > before or options.only then
        return
    elseif file.skip_all then
        report:skip(path, file.skip_all)
    else
        report:fail(path .. " - checks something", "no block of it has checked anything")
    end
end

local function run_file(path, report, options)
    local text, err = posix.read_file(path)
    if not text then
        report:fail(path .. " - can be read", err)
        return
    end
    run_text(text, path, report, options)
end

local function print_line(line)
    io.stdout:write(line, "\n")
    io.stdout:flush()
end

local function work(path, output, options)
    local file = assert(io.open(output, "wb"))
    local report = tap.new(function(line)
        file:write(line, "\n")
        file:flush()
    end, false)
    local ok, err = pcall(run_file, path, report, options)
    if not ok then
        report:fail(path .. " - runs", tostring(err))
    end
    file:close()
    posix.exit_now(0)
end

local function take_over(job, report)
    for line in (posix.read_file(job.output) or ""):gmatch("[^\n]+") do
        report:replay(line)
    end
    if job.how ~= "exit" or job.code ~= 0 then
        report:fail(job.path .. " - the test process ends well",
            ("%s %s"):format(job.how, tostring(job.code)))
    end
end

local function start_job(path, index, directory, options)
    local job = { path = path, output = directory .. "/" .. index }
    job.pid = posix.fork()
    if job.pid == 0 then
        work(path, job.output, options)
    end
    return job
end

-- Notes which jobs have ended; returns how many still run.
local function poll_jobs(jobs)
    local running = 0
    for _, job in ipairs(jobs) do
        if not job.how then
            job.how, job.code = posix.wait(job.pid)
            running = running + (job.how and 0 or 1)
        end
    end
    return running
end

local function run_jobs(paths, report, options)
    local base = os.getenv("TMPDIR") or "/tmp"
    local directory = assert(posix.mkdtemp(base .. "/perilune-t-jobs-"))
    local jobs, next_path, printed = {}, 1, 0
    while printed < #paths do
        local running = poll_jobs(jobs)
        while running < options.jobs and paths[next_path] do
            jobs[next_path] = start_job(paths[next_path], next_path, directory, options)
            next_path, running = next_path + 1, running + 1
        end
        while jobs[printed + 1] and jobs[printed + 1].how do
            printed = printed + 1
            take_over(jobs[printed], report)
        end
        posix.sleep(0.01)
    end
    posix.remove_all(directory)
end

--- Why there was nothing to run.
local function tell_of_nothing(paths, options)
    if not paths[1] then
        print_line("# there is no .t file")
    elseif options.only then
        print_line(("# no block's name holds '%s'"):format(options.only))
    end
end

local function run_all(paths, options)
    local report = tap.new(print_line, true)
    if options.jobs > 1 then
        run_jobs(paths, report, options)
    else
        for _, path in ipairs(paths) do
            run_file(path, report, options)
        end
    end
    if report.count == 0 then
        tell_of_nothing(paths, options)
    end
    return report:finish() and 0 or 1
end

--- Runs the text of one file and returns what was reported.
-- @tparam string text
-- @tparam string path named in the results
-- @tparam table options binary, and optionally keep, verbose, strict, only
-- @treturn table lines of TAP
-- @treturn table passed, failed and skipped
function M.run_text(text, path, options)
    local lines = {}
    local report = tap.new(function(line)
        lines[#lines + 1] = line
    end, true)
    run_text(text, path, report, options)
    return lines, { passed = report.passed, failed = report.failed, skipped = report.skipped }
end

--- Runs tests.
-- @tparam table argv arguments after `perilune test`
-- @tparam ?string binary the server to test when neither TEST_NGINX_BINARY nor --binary say so
-- @treturn number exit code: 0 all passed, 1 something failed, 2 wrong use
function M.run(argv, binary)
    local options, paths = read_arguments(argv)
    if not options then
        io.stderr:write("perilune test: ", paths, "\n", USAGE)
        return 2
    end
    if options.help then
        io.stdout:write(USAGE)
        return 0
    end
    options.binary = os.getenv("TEST_NGINX_BINARY") or options.binary or argv.binary or binary
    if not options.binary then
        io.stderr:write("perilune test: no server to test; give --binary\n")
        return 2
    end
    if options.modules then
        posix.setenv("TEST_NGINX_LOAD_MODULES", options.modules)
    end
    local files = {}
    for _, path in ipairs(paths[1] and paths or { "t" }) do
        collect(path, files)
    end
    return run_all(files, options)
end

--- `request`, `client` and `make_request` call a handler or a router without sockets; see perilune.test.app.
return setmetatable(M, { __index = function(_, name)
    return require("perilune.test.app")[name]
end })
