--- Values and operators of the Perl subset; `perilune.test.perl` parses, this computes.
-- @module perilune.test.perl_ops

local regex = require "perilune.test.regex"

local M = {}

--- What stands for `undef` in arrays.
M.undef = setmetatable({}, {
    __name = "perilune.test.undef",
    __tostring = function()
        return ""
    end,
})

--- Metatable of a Perl list, which dissolves into the array around it.
M.List = { __name = "perilune.test.list" }

local List = M.List

function M.to_string(value)
    if type(value) == "table" and getmetatable(value) == nil then
        error("an array is used as a string", 0)
    end
    return tostring(value)
end

function M.to_number(value)
    return tonumber(value) or tonumber(tostring(value):match("^%s*[-+]?%d+%.?%d*")) or 0
end

function M.truth(value)
    return not (value == M.undef or value == "" or value == 0 or value == "0")
end

function M.flatten(value, out)
    if getmetatable(value) == List then
        for _, item in ipairs(value) do
            M.flatten(item, out)
        end
    else
        out[#out + 1] = value
    end
    return out
end

local to_string, to_number, truth = M.to_string, M.to_number, M.truth

local function flag(test)
    return function(a, b)
        return test(a, b) and 1 or ""
    end
end

local function numeric(fn)
    return function(a, b)
        return fn(to_number(a), to_number(b))
    end
end

local function textual(fn)
    return flag(function(a, b)
        return fn(to_string(a), to_string(b))
    end)
end

local function range(a, b)
    local out = setmetatable({}, List)
    if tonumber(a) then
        for i = to_number(a), to_number(b) do
            out[#out + 1] = i
        end
    else
        for code = a:byte(), b:byte() do
            out[#out + 1] = string.char(code)
        end
    end
    return out
end

local function matches(a, b)
    return regex.is_regex(b) and b:find(to_string(a)) ~= nil
end

-- Operators from the loosest to the tightest; each is `{pattern, function}`.
M.LEVELS = {
    { { "||", function(a, b) return truth(a) and a or b end },
      { "//", function(a, b) return a ~= M.undef and a or b end } },
    { { "&&", function(a, b) return truth(a) and b or a end } },
    { { "%.%.", range } },
    { { "==", flag(numeric(function(a, b) return a == b end)) },
      { "!=", flag(numeric(function(a, b) return a ~= b end)) },
      { "eq%f[%W]", textual(function(a, b) return a == b end) },
      { "ne%f[%W]", textual(function(a, b) return a ~= b end) } },
    { { "<=", flag(numeric(function(a, b) return a <= b end)) },
      { ">=", flag(numeric(function(a, b) return a >= b end)) },
      { "<", flag(numeric(function(a, b) return a < b end)) },
      { ">", flag(numeric(function(a, b) return a > b end)) } },
    { { "%.%f[^.=]", function(a, b) return to_string(a) .. to_string(b) end },
      { "%+%f[^+=]", numeric(function(a, b) return a + b end) },
      { "%-%f[^-=]", numeric(function(a, b) return a - b end) } },
    { { "%*", numeric(function(a, b) return a * b end) },
      { "/", numeric(function(a, b) return a / b end) },
      { "%%", numeric(function(a, b) return a % b end) },
      { "x%f[%W%d]", function(a, b) return to_string(a):rep(to_number(b)) end } },
    { { "=~", flag(matches) },
      { "!~", flag(function(a, b) return not matches(a, b) end) } },
}

return M
