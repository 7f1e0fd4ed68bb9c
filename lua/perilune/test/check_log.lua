--- Checks the logs that the server wrote.
--
-- A list of patterns is a text (one substring a line), a regex, or an array of both. A pattern
-- that should appear is waited for a short while, because the server may write the line just
-- after the client saw the end of the response.
-- @module perilune.test.check_log

local posix = require "perilune.test.posix"
local regex = require "perilune.test.regex"
local tap = require "perilune.test.tap"

local M = {}

local WAIT_LIMIT, TAIL_LINES = 10, 12

local function patterns(value)
    if regex.is_regex(value) then
        return { value }
    elseif type(value) == "table" then
        return value
    end
    local out = {}
    for line in tostring(value):gmatch("[^\n]+") do
        out[#out + 1] = line
    end
    return out
end

local function find(line, pattern)
    if regex.is_regex(pattern) then
        return pattern:find(line)
    end
    return line:find(tostring(pattern), 1, true)
end

local function find_in(lines, pattern)
    for i, line in ipairs(lines) do
        if find(line, pattern) then
            return i
        end
    end
end

local function show(pattern)
    return tap.escape(tostring(pattern))
end

-- The end of the log without debug lines, for messages about a missing line.
local function tail(lines)
    local out = {}
    for i = #lines, 1, -1 do
        if not lines[i]:find(" [debug] ", 1, true) then
            table.insert(out, 1, lines[i])
        end
        if #out == TAIL_LINES then
            break
        end
    end
    table.insert(out, 1, #out == 0 and "the log is empty (but for debug lines)"
        or "the end of the log:")
    return out
end

local ERRORS = { error = true, crit = true, alert = true, emerg = true }

--- What the log says of errors, with the tracebacks below them: why an answer is not the one that was expected.
-- @tparam table lines of an error log
-- @treturn string empty, or lines under a head
function M.errors(lines)
    local out, wanted = { "the error log:\n" }, false
    for _, line in ipairs(lines) do
        local level = line:match("^%d+/%d+/%d+ [%d:]+ %[(%a+)%]")
        wanted = level and ERRORS[level] or not level and wanted
        if wanted and #out <= TAIL_LINES then
            out[#out + 1] = line
        end
    end
    return out[2] and table.concat(out) or ""
end

local function all_found(lines, list)
    for _, pattern in ipairs(list) do
        if not find_in(lines, pattern) then
            return false
        end
    end
    return true
end

-- Reads lines until all patterns are found or the time is up.
local function await(read, list)
    local deadline = posix.now() + WAIT_LIMIT
    local lines = read()
    while not all_found(lines, list) and posix.now() < deadline do
        posix.sleep(0.02)
        lines = read()
    end
    return lines
end

local function positive(r, section, log, read, suffix)
    local value = r.sections[section]
    if value == nil then
        return
    end
    local list = patterns(value)
    local lines = await(read, list)
    for _, pattern in ipairs(list) do
        r.report:check(find_in(lines, pattern) ~= nil,
            ('%s - pattern "%s" matches a line in %s%s'):format(r.name, show(pattern), log, suffix),
            function()
                return tail(lines)
            end)
    end
end

local function negative(r, section, log, read, suffix)
    local value = r.sections[section]
    if value == nil then
        return
    end
    local lines = read()
    for _, pattern in ipairs(patterns(value)) do
        local at = find_in(lines, pattern)
        r.report:check(not at,
            ('%s - pattern "%s" does not match a line in %s%s'):format(r.name, show(pattern), log,
                suffix),
            function()
                local out = { "matched:" }
                for i = at, math.min(at + 9, #lines) do
                    out[#out + 1] = lines[i]
                end
                return out
            end)
    end
end

local function grepped(lines, pattern)
    local out = {}
    for _, line in ipairs(lines) do
        local from, to = find(line, pattern)
        local found = from and line:sub(from, to)
        if found and not found:find("\n", 1, true) then
            out[#out + 1] = found .. "\n"
        end
    end
    return table.concat(out)
end

local function one_of(value, round)
    if type(value) == "table" and not regex.is_regex(value) then
        return value[round + 1]
    end
    return value
end

local function grep(r, read, suffix)
    local name = r.name .. " - grep_error_log_out" .. suffix
    local pattern = one_of(r.sections.grep_error_log, r.round)
    local want = one_of(r.sections.grep_error_log_out, r.round)
    if pattern == nil and want == nil then
        return
    elseif pattern == nil or want == nil then
        r.report:fail(name, "grep_error_log and grep_error_log_out must stand together")
        return
    end
    if type(pattern) == "string" then
        pattern = pattern:gsub("\n$", "")
    end
    local deadline = posix.now() + WAIT_LIMIT
    want = regex.is_regex(want) and want or r.expand(tostring(want))
    while true do
        local got = grepped(read(), pattern)
        local good
        if regex.is_regex(want) then
            good = want:find(got) ~= nil
        else
            good = got == want
        end
        if good or posix.now() > deadline then
            r.report:check(good, name, function()
                return regex.is_regex(want) and ("does not match: " .. got) or tap.diff(want, got)
            end)
            return
        end
        posix.sleep(0.02)
    end
end

--- Checks the log sections after a request.
-- @tparam table r the run
-- @tparam function read returns the lines of the error log
function M.after_request(r, read)
    local suffix = (" (req %d)"):format(r.round)
    grep(r, read, suffix)
    positive(r, "error_log", "error.log", read, suffix)
    negative(r, "no_error_log", "error.log", read, suffix)
    local function access()
        return r.server:access_lines()
    end
    positive(r, "access_log", "access.log", access, suffix)
    negative(r, "no_access_log", "access.log", access, suffix)
end

--- Checks the sections that look at the log after the server has ended.
function M.after_stop(r, read)
    positive(r, "shutdown_error_log", "error.log", read, "")
    negative(r, "no_shutdown_error_log", "error.log", read, "")
end

--- The end of the error log, for a failure to start.
M.tail = tail

return M
