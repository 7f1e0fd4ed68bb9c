--- Parses expressions of the small part of Perl that test sections use in their `eval` filter.
--
-- Known: strings in all quotes, here-documents, `.` and `x`, numbers and arithmetic,
-- comparisons, `&& || ! ?:`, arrays, hashes, `qr/../`, `$::Name`, `$ENV{NAME}`, `my`, `=`, `.=`,
-- `+=`, `++`, `while`, `for` over a list or range, `join`, `map`, `defined`, and the functions
-- that the caller gives. Everything else is an error that names the place. To add a word, see
-- `WORDS`; to add an operator, see `perl_ops`.
--
-- Source is parsed into closures `f(env)`, then run. Values: string, number, Lua array, table
-- with named fields (hash), regex object, and `perl.undef`.
-- Statements are in `perilune.test.perl`.
-- @module perilune.test.perl_expr

local regex = require "perilune.test.regex"
local text = require "perilune.test.perl_text"
local ops = require "perilune.test.perl_ops"

local M = { undef = ops.undef }

-- `M.block(scan)`, which parses statements up to `}`, is set by `perilune.test.perl`.

local List, LEVELS = ops.List, ops.LEVELS
local to_string, to_number, truth, flatten = ops.to_string, ops.to_number, ops.truth, ops.flatten

local expression

local function skip_space(scan)
    while true do
        local at = scan.src:match("^%s+()", scan.pos) or scan.src:match("^#[^\n]*()", scan.pos)
        if not at then
            return
        end
        scan.pos = at
    end
end

local function fail(scan, what)
    skip_space(scan)
    local near = scan.src:sub(scan.pos, scan.pos + 30):gsub("\n.*", "")
    error(("%s near '%s' is not understood"):format(what or "Perl", near), 0)
end

local function take(scan, pattern)
    skip_space(scan)
    local found, after = scan.src:match("^(" .. pattern .. ")()", scan.pos)
    if found then
        scan.pos = after
    end
    return found
end

local function expect(scan, pattern)
    return take(scan, pattern) or fail(scan)
end

local function lookup(env, name)
    local value = env.vars[name]
    if value == nil then
        error("variable $" .. name .. " is not known", 0)
    end
    return value
end

local function filled(parts, env)
    local out = {}
    for i, part in ipairs(parts) do
        if type(part) == "string" then
            out[i] = part
        elseif part.env then
            out[i] = os.getenv(part.env) or ""
        else
            out[i] = to_string(lookup(env, part.name))
        end
    end
    return table.concat(out)
end

local function interpolated(body)
    local parts = text.interpolated(body)
    return function(env)
        return filled(parts, env)
    end
end

local function constant(value)
    return function()
        return value
    end
end

local function pattern_node(scan)
    local body = text.delimited(scan)
    local flags = take(scan, "[a-z]*")
    local parts = text.interpolated(body, true)
    return function(env)
        local re, err = regex.new(filled(parts, env), flags)
        return re or error(err, 0)
    end
end

-- Items up to the closing bracket, as a function that returns a flat Lua array.
local function items_until(scan, close)
    local nodes = {}
    while not take(scan, close) do
        nodes[#nodes + 1] = expression(scan)
        if not take(scan, ",") and not take(scan, "=>") then
            expect(scan, close)
            break
        end
    end
    return function(env)
        local out = {}
        for _, node in ipairs(nodes) do
            flatten(node(env), out)
        end
        return out
    end, nodes
end

local function hash_node(scan)
    local items = items_until(scan, "}")
    return function(env)
        local list, out = items(env), {}
        for i = 1, #list, 2 do
            out[to_string(list[i])] = list[i + 1]
        end
        return out
    end
end

local function paren_node(scan)
    local items, nodes = items_until(scan, "%)")
    if #nodes == 1 then
        return nodes[1]
    end
    return function(env)
        return setmetatable(items(env), List)
    end
end

-- The arguments of a word, with or without brackets.
local function arguments(scan)
    if take(scan, "%(") then
        return (items_until(scan, "%)"))
    end
    local nodes = { expression(scan) }
    while take(scan, ",") do
        nodes[#nodes + 1] = expression(scan)
    end
    return function(env)
        local out = {}
        for _, node in ipairs(nodes) do
            flatten(node(env), out)
        end
        return out
    end
end

local WORDS = {}

function WORDS.join(scan)
    local args = arguments(scan)
    return function(env)
        local list = args(env)
        local sep = to_string(table.remove(list, 1))
        for i, item in ipairs(list) do
            list[i] = to_string(item)
        end
        return table.concat(list, sep)
    end
end

function WORDS.map(scan)
    local bracket = take(scan, "%(")
    expect(scan, "{")
    local body = M.block(scan)
    local list = expression(scan)
    if bracket then
        expect(scan, "%)")
    end
    return function(env)
        local out = setmetatable({}, List)
        for _, item in ipairs(flatten(list(env), {})) do
            env.vars._ = item
            flatten(body(env), out)
        end
        return out
    end
end

function WORDS.defined(scan)
    local args = arguments(scan)
    return function(env)
        return args(env)[1] ~= M.undef and 1 or ""
    end
end

function WORDS.push(scan)
    local bracket = take(scan, "%(")
    local name = "@" .. expect(scan, "@[%a_][%w_]*"):sub(2)
    expect(scan, ",")
    local args = bracket and items_until(scan, "%)") or arguments(scan)
    return function(env)
        local array = lookup(env, name)
        for _, item in ipairs(args(env)) do
            array[#array + 1] = item
        end
        return #array
    end
end

function WORDS.undef()
    return constant(M.undef)
end

function WORDS.q(scan)
    return constant(text.single(text.delimited(scan)))
end

function WORDS.qq(scan)
    return interpolated((text.delimited(scan)))
end

WORDS.qr = pattern_node

local QUOTES = { q = true, qq = true, qr = true }

local function word_node(scan)
    local name = take(scan, "[%a_][%w_:]*")
    name = name:gsub("^CORE::", "")
    if QUOTES[name] then
        skip_space(scan)
        return WORDS[name](scan)
    end
    if take(scan, "=>") then
        scan.pos = scan.pos - 2
        return constant(name)
    end
    if WORDS[name] then
        return WORDS[name](scan)
    end
    local args = take(scan, "%(") and items_until(scan, "%)") or constant({})
    return function(env)
        local fn = env.functions[name] or error("function " .. name .. " is not known", 0)
        return fn(unpack(args(env)))
    end
end

local function variable_node(scan)
    local env_name = take(scan, "%$ENV%s*{%s*['\"]?[%w_]+['\"]?%s*}")
    if env_name then
        env_name = env_name:match("([%w_]+)['\"]?%s*}$")
        return function()
            return os.getenv(env_name) or M.undef
        end
    end
    local name = expect(scan, "%$[%w_:]+"):match("[%w_]+$")
    if take(scan, "%+%+") then
        return function(env)
            local old = to_number(lookup(env, name))
            env.vars[name] = old + 1
            return old
        end
    end
    return function(env)
        return lookup(env, name)
    end
end

local function array_node(scan)
    local name = "@" .. expect(scan, "@[%a_][%w_]*"):sub(2)
    return function(env)
        return setmetatable({ unpack(lookup(env, name)) }, List)
    end
end

local function heredoc_node(scan)
    scan.pos = scan.pos + 2
    local body, fills = text.heredoc(scan)
    return fills and interpolated(body) or constant(body)
end

local function sign_node(scan, primary)
    local sign = expect(scan, "[-!]")
    local operand = primary(scan)
    return function(env)
        local value = operand(env)
        if sign == "!" then
            return truth(value) and "" or 1
        end
        return -to_number(value)
    end
end

local function primary(scan)
    skip_space(scan)
    local char = scan.src:sub(scan.pos, scan.pos)
    if char == "'" then
        return constant(text.single(text.delimited(scan)))
    elseif char == '"' then
        return interpolated((text.delimited(scan)))
    elseif char == "$" then
        return variable_node(scan)
    elseif char == "@" then
        return array_node(scan)
    elseif char:match("%d") then
        local digits = take(scan, "0x%x+") or take(scan, "%d+%.%d+") or take(scan, "%d+")
        return constant(tonumber(digits))
    elseif scan.src:match("^<<['\"%a_]", scan.pos) then
        return heredoc_node(scan)
    elseif take(scan, "%[") then
        return (items_until(scan, "%]"))
    elseif take(scan, "{") then
        return hash_node(scan)
    elseif take(scan, "%(") then
        return paren_node(scan)
    elseif char == "-" or char == "!" then
        return sign_node(scan, primary)
    elseif char:match("[%a_]") then
        return word_node(scan)
    end
    return fail(scan)
end

local function operator(scan, level)
    for _, op in ipairs(LEVELS[level]) do
        if take(scan, op[1]) then
            return op[2]
        end
    end
end

local function operand(scan, level)
    if level <= #LEVELS then
        local left = operand(scan, level + 1)
        local apply = operator(scan, level)
        while apply do
            local a, b, fn = left, operand(scan, level + 1), apply
            left = function(env)
                return fn(a(env), b(env))
            end
            apply = operator(scan, level)
        end
        return left
    end
    skip_space(scan)
    if scan.src:match("^m%W", scan.pos) then
        scan.pos = scan.pos + 1
        return pattern_node(scan)
    elseif scan.src:sub(scan.pos, scan.pos) == "/" then
        return pattern_node(scan)
    end
    return primary(scan)
end

function expression(scan)
    local test = operand(scan, 1)
    if not take(scan, "%?") then
        return test
    end
    local yes = expression(scan)
    expect(scan, ":")
    local no = expression(scan)
    return function(env)
        return truth(test(env)) and yes(env) or no(env)
    end
end

M.skip_space, M.fail, M.take, M.expect = skip_space, fail, take, expect
M.expression, M.lookup, M.constant, M.items_until = expression, lookup, constant, items_until

return M
