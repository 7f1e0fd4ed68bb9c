--- Writes results in the Test Anything Protocol, with differences that a person can read.
--
-- A reporter numbers results as they come. A worker process has one too, whose lines have no
-- numbers; the parent numbers them when it takes them over with `replay`.
-- @module perilune.test.tap

local M = {}

local MAX_LINES, MAX_WIDTH, CONTEXT = 8, 400, 2

--- Makes control bytes and bytes above 126 visible; a newline stays when `keep_newline` is set.
function M.escape(text, keep_newline)
    return (tostring(text):gsub("[%z\1-\31\127-\255]", function(char)
        if char == "\n" then
            return keep_newline and "\n" or "\\n"
        elseif char == "\r" then
            return "\\r"
        elseif char == "\t" then
            return "\\t"
        end
        return ("\\x%02x"):format(char:byte())
    end))
end

local function shorten(line)
    if #line <= MAX_WIDTH then
        return line
    end
    return line:sub(1, MAX_WIDTH) .. ("... (%d bytes)"):format(#line)
end

local function split(text)
    local out = {}
    for line, stop in text:gmatch("([^\n]*)(\n?)") do
        if line ~= "" or stop ~= "" then
            out[#out + 1] = M.escape(line) .. (stop == "" and " (no newline)" or "")
        end
    end
    return out
end

local function push_range(out, mark, lines, from, to)
    for i = from, math.min(to, from + MAX_LINES - 1) do
        out[#out + 1] = mark .. shorten(lines[i])
    end
    if to >= from + MAX_LINES then
        out[#out + 1] = mark .. ("... %d more lines"):format(to - from - MAX_LINES + 1)
    end
end

-- For one long line against one long line: start both shortly before the first difference.
local function focus(a, b)
    if #a <= MAX_WIDTH and #b <= MAX_WIDTH then
        return a, b
    end
    local at = 1
    while at <= #a and a:byte(at) == b:byte(at) do
        at = at + 1
    end
    local from = math.max(1, at - 40)
    local mark = from > 1 and ("(from byte %d) ..."):format(from) or ""
    return mark .. a:sub(from), mark .. b:sub(from)
end

--- The first differing region of two texts, as lines: `-` expected, `+` got.
function M.diff(expected, got)
    local a, b = split(expected), split(got)
    local first = 1
    while a[first] and a[first] == b[first] do
        first = first + 1
    end
    local last_a, last_b = #a, #b
    while last_a >= first and last_b >= first and a[last_a] == b[last_b] do
        last_a, last_b = last_a - 1, last_b - 1
    end
    local out = { ("expected %d bytes (-), got %d bytes (+); first difference in line %d:")
        :format(#expected, #got, first) }
    for i = math.max(1, first - CONTEXT), first - 1 do
        out[#out + 1] = "  " .. shorten(a[i])
    end
    if last_a == first and last_b == first then
        a[first], b[first] = focus(a[first], b[first])
    end
    push_range(out, "- ", a, first, last_a)
    push_range(out, "+ ", b, first, last_b)
    if a[last_a + 1] then
        out[#out + 1] = "  " .. shorten(a[last_a + 1])
    end
    return out
end

local methods = {}
local Reporter = { __name = "perilune.test.reporter", __index = methods }

--- Makes a reporter.
-- @tparam function write called with each finished line
-- @tparam boolean numbered false in a worker process
function M.new(write, numbered)
    return setmetatable({
        write = write, numbered = numbered, count = 0, passed = 0, failed = 0, skipped = 0,
        problems = {},
    }, Reporter)
end

function methods:result(word, rest)
    self.count = self.count + 1
    local number = self.numbered and (" " .. self.count) or ""
    self.write(word .. number .. " - " .. rest)
end

local function plain(name)
    return (M.escape(name):gsub("#", "\\#"))
end

--- Reports a check that passed.
function methods:pass(name)
    self.passed = self.passed + 1
    self:result("ok", plain(name))
end

--- Reports a check that failed, with lines that explain it.
function methods:fail(name, detail)
    self.failed = self.failed + 1
    self:result("not ok", plain(name))
    if type(detail) == "string" then
        self:note(detail)
    else
        for _, line in ipairs(detail or {}) do
            self:note(line)
        end
    end
end

function methods:skip(name, reason)
    self.skipped = self.skipped + 1
    self:result("ok", plain(name) .. " # SKIP " .. M.escape(reason))
end

--- Passes or fails by `good`; `detail` is a text, a list of lines, or a function giving either.
function methods:check(good, name, detail)
    if good then
        self:pass(name)
        return
    end
    if type(detail) == "function" then
        detail = detail()
    end
    self:fail(name, detail)
end

--- Compares two texts.
function methods:same(got, expected, name)
    self:check(got == expected, name, function()
        return M.diff(expected, got)
    end)
end

--- Writes a comment; each of its lines is shown.
function methods:note(text)
    text = tostring(text):gsub("\n$", "")
    for line in (text .. "\n"):gmatch("([^\n]*)\n") do
        self.write("#   " .. shorten(M.escape(line)))
    end
end

--- Takes over a line that a worker's reporter wrote.
function methods:replay(line)
    local word, rest = line:match("^(n?o?t? ?ok) %- (.*)$")
    if not word then
        self.write(line)
        return
    end
    if word == "not ok" then
        self.failed = self.failed + 1
    elseif rest:find(" # SKIP ", 1, true) then
        self.skipped = self.skipped + 1
    else
        self.passed = self.passed + 1
    end
    self:result(word, rest)
end

--- Writes the plan and the summary. Returns true when nothing failed and something ran.
function methods:finish()
    self.write("1.." .. self.count)
    local skipped = self.skipped > 0 and (", %d skipped"):format(self.skipped) or ""
    self.write(("%d passed, %d failed%s"):format(self.passed, self.failed, skipped))
    return self.failed == 0 and self.count > 0
end

return M
