--- Evaluates the small part of Perl that test sections use in their `eval` filter.
--
-- Known statements: `my`, `=`, `.=`, `+=`, `push`, `if`, `while`, `for` over a list. What an
-- expression may hold is told in `perilune.test.perl_expr`. Everything else is an error that
-- names the place; nothing outside the test's own text is ever run.
-- @module perilune.test.perl

local expr = require "perilune.test.perl_expr"
local ops = require "perilune.test.perl_ops"

local M = { undef = ops.undef }

local List, MAX_STEPS = ops.List, 1000000

local to_string, to_number, truth, flatten = ops.to_string, ops.to_number, ops.truth, ops.flatten
local skip_space, fail, take, expect = expr.skip_space, expr.fail, expr.take, expr.expect
local expression, lookup, constant = expr.expression, expr.lookup, expr.constant
local items_until = expr.items_until

local block

local function assignment(scan)
    local start = scan.pos
    local name = take(scan, "%$[%w_]+")
    local op = name and (take(scan, "=%f[^=~>]") or take(scan, "%.=") or take(scan, "%+="))
    if not op then
        scan.pos = start
        return nil
    end
    name = name:sub(2)
    local value = expression(scan)
    return function(env)
        local new = value(env)
        if op == ".=" then
            new = to_string(lookup(env, name)) .. to_string(new)
        elseif op == "+=" then
            new = to_number(lookup(env, name)) + to_number(new)
        end
        env.vars[name] = new
        return new
    end
end

local function step(env)
    env.steps = env.steps + 1
    if env.steps > MAX_STEPS then
        error("the loop does not end", 0)
    end
end

local function while_node(scan)
    expect(scan, "%(")
    local test = expression(scan)
    expect(scan, "%)")
    expect(scan, "{")
    local body = block(scan)
    return function(env)
        while truth(test(env)) do
            step(env)
            body(env)
        end
        return M.undef
    end
end

local function for_node(scan)
    take(scan, "my%f[%W]")
    local name = (take(scan, "%$[%w_]+") or "$_"):sub(2)
    expect(scan, "%(")
    local list = items_until(scan, "%)")
    expect(scan, "{")
    local body = block(scan)
    return function(env)
        for _, item in ipairs(list(env)) do
            step(env)
            env.vars[name] = item
            body(env)
        end
        return M.undef
    end
end

local if_node

function if_node(scan)
    expect(scan, "%(")
    local test = expression(scan)
    expect(scan, "%)")
    expect(scan, "{")
    local yes, no = block(scan), constant(M.undef)
    if take(scan, "elsif%f[%W]") then
        no = if_node(scan)
    elseif take(scan, "else%f[%W]") then
        expect(scan, "{")
        no = block(scan)
    end
    return function(env)
        return truth(test(env)) and yes(env) or no(env)
    end
end

-- `my $x` or `my @x`, with or without a value.
local function declaration(scan)
    local node = assignment(scan)
    if node then
        return node
    end
    local sigil = expect(scan, "[$@]")
    local name = expect(scan, "[%a_][%w_]*")
    return function(env)
        env.vars[sigil == "@" and "@" .. name or name] = sigil == "@" and {} or M.undef
        return M.undef
    end
end

local function statement(scan)
    if take(scan, "while%f[%W]") then
        return while_node(scan)
    elseif take(scan, "foreach%f[%W]") or take(scan, "for%f[%W]") then
        return for_node(scan)
    end
    if take(scan, "my%f[%W]") then
        return declaration(scan)
    elseif take(scan, "if%f[%W]") then
        return if_node(scan)
    end
    return assignment(scan) or expression(scan)
end

local function at_end(scan)
    skip_space(scan)
    return scan.pos > #scan.src
end

local function sequence(scan, close)
    local nodes = {}
    while not (close and take(scan, close) or not close and at_end(scan)) do
        if not take(scan, ";") then
            local before = scan.pos
            nodes[#nodes + 1] = statement(scan)
            while take(scan, ",") and not at_end(scan) do
                local last, more = nodes[#nodes], expression(scan)
                nodes[#nodes] = function(env)
                    return setmetatable({ last(env), more(env) }, List)
                end
            end
            skip_space(scan)
            local ended = scan.src:match("^[;}]", scan.pos) or scan.pos > #scan.src
                or scan.src:sub(before, scan.pos - 1):match("}%s*$")
            if not ended then
                fail(scan)
            end
        end
    end
    return function(env)
        local value = M.undef
        for _, node in ipairs(nodes) do
            value = node(env)
        end
        return value
    end
end

function block(scan)
    return sequence(scan, "}")
end

expr.block = block

local BUILTINS = {
    uc = string.upper,
    lc = string.lower,
    length = string.len,
    int = math.floor,
}

--- Evaluates Perl source.
-- @tparam string source
-- @tparam table vars variables by name, without `$` and `::`
-- @tparam ?table functions functions by name
-- @tparam ?boolean prefix evaluate the expression that the source starts with and ignore the rest
-- @return the value of the last statement, or nil and a message
function M.eval(source, vars, functions, prefix)
    local scan = { src = source, pos = 1 }
    local env = {
        vars = setmetatable({}, { __index = vars }),
        functions = setmetatable(functions or {}, { __index = BUILTINS }),
        steps = 0,
    }
    local ok, value = pcall(function()
        local out = (prefix and expression or sequence)(scan)(env)
        return getmetatable(out) == List and flatten(out, {}) or out
    end)
    if not ok then
        return nil, value
    end
    return value
end

return M
