--- ngx.re: regular expressions by PCRE2.

local ffi = require "ffi"
local native = require "ngx.api.native"

local C, to_string = native.C, ffi.string
local sub, find, byte = string.sub, string.find, string.byte
local type, tostring, setmetatable, concat = type, tostring, setmetatable, table.concat

local NO_MATCH = -1
local CACHE_HALF = 512
local JIT = 1024
local flag_bits = {
    i = 1, m = 2, s = 4, x = 8, a = 16, D = 256, u = 64, U = 192, J = 512, j = JIT, o = 0, d = 0,
}

local message, at = ffi.new("char[128]"), ffi.new("size_t[1]")
local group = ffi.new("int[1]")
local vector = C.ffi_regex_vector()

local regex = {}

--- Compiled regexes: options → pattern → regex. What is found in the elder half moves to the younger one; when
-- that is full, it becomes the elder: what nobody has asked for since is forgotten. So patterns that a program makes
-- anew for each call do no harm; all others are compiled once, with the option "o" or without.
-- While debug lines are written, those that are machine code ("j") and have no "o" stay in the elder half, where each
-- use of them can be told.
local young, elder, n_young = {}, {}, 0

local function parse_options(options)
    local bits = 0
    for i = 1, #options do
        local flag = sub(options, i, i)
        local value = flag_bits[flag]
        if not value then
            error('unknown flag "' .. flag .. '" (flags "' .. options .. '")', 0)
        end
        bits = bit.bor(bits, value)
    end
    return bits
end

local function names_of(re)
    local names, i = nil, 0
    while true do
        local name = C.ffi_regex_name(re, i, group)
        if name == nil then
            return names
        end
        names = names or {}
        names[#names + 1] = { to_string(name), group[0] }
        i = i + 1
    end
end

local function compile(pattern, options)
    local ok, bits = pcall(parse_options, options)
    if not ok then
        return nil, bits, true
    end
    local re = C.ffi_regex_compile(pattern, #pattern, bits, message, at)
    if re == nil then
        local text, offset = to_string(message), tonumber(at[0])
        local place = offset < #pattern and ' at "' .. sub(pattern, offset + 1) .. '"' or ""
        return nil, "pcre2_compile() failed: " .. text .. ' in "' .. pattern .. '"' .. place
    end
    re = ffi.gc(re, C.ffi_regex_free)
    return {
        re = re,
        groups = C.ffi_regex_groups(re),
        names = names_of(re),
        is_dfa = find(options, "d", 1, true) and 1 or 0,
        has_duplicates = find(options, "D", 1, true) ~= nil,
        is_utf = find(options, "u", 1, true) ~= nil or find(options, "U", 1, true) ~= nil,
        is_told = not find(options, "o", 1, true) and C.ffi_regex_is_told(re) ~= 0,
    }
end

local function keep(pattern, options, re)
    if n_young >= CACHE_HALF then
        young, elder, n_young = {}, young, 0
    end
    local half = re.is_told and elder or young
    local of_options = half[options]
    if not of_options then
        of_options = {}
        half[options] = of_options
    end
    of_options[pattern], n_young = re, n_young + 1
    return re
end

local function get_anew(pattern, options)
    local of_options = elder[options]
    local found = of_options and of_options[pattern]
    if found and found.is_told then
        C.ffi_regex_tell(found.re)
        return found
    elseif found then
        return keep(pattern, options, found)
    end
    local re, err, is_misuse = compile(pattern, options)
    if re then
        return keep(pattern, options, re)
    elseif is_misuse then
        error(err, 4)
    end
    return nil, err
end

--- Gives compiled code `size` bytes of stack for a match; raises when there is such code already, as OpenResty does.
local function set_stack(size)
    if n_young > 0 then
        error("changing jit stack size is not allowed when some regexs have already been compiled and cached", 3)
    elseif C.ffi_regex_stack(size) ~= 0 then
        error("setting jit stack size failed: no memory", 3)
    end
end

--- The compiled regex; nil and an error. Raises on an unknown option.
local function get(pattern, options)
    options = options or ""
    local of_options = young[options]
    local found = of_options and of_options[pattern]
    if found then
        return found
    end
    return get_anew(pattern, options)
end

local function execute(re, subject, from)
    local rc = C.ffi_regex_match(re.re, subject, #subject, from, re.is_dfa)
    if rc < NO_MATCH then
        return nil, "pcre_exec() failed: " .. rc
    end
    return rc
end

local function capture(subject, i, n)
    if i >= n or vector[2 * i] < 0 then
        return false
    end
    return sub(subject, vector[2 * i] + 1, vector[2 * i + 1])
end

--- With the option D a name stands for all groups that have it.
local function add_names(re, out)
    for _, pair in ipairs(re.names) do
        local name, value = pair[1], out[pair[2]]
        if not re.has_duplicates then
            out[name] = value
        elseif value then
            local list = out[name] or {}
            list[#list + 1], out[name] = value, list
        end
    end
end

local function captures(re, subject, n, out)
    out = out or {}
    if re.groups == 0 then
        out[0] = sub(subject, vector[0] + 1, vector[1])
        return out
    end
    for i = 0, re.is_dfa == 1 and 0 or re.groups do
        out[i] = capture(subject, i, n)
    end
    if re.names then
        add_names(re, out)
    end
    return out
end

local function text_of(s, arg, name)
    if type(s) == "string" then
        return s
    end
    if s == nil then
        error("bad argument #" .. arg .. " to '" .. name .. "' (string expected, got nil)", 3)
    end
    return tostring(s)
end

local function start_of(ctx, subject)
    local pos = ctx and ctx.pos or 1
    if pos <= 0 then
        pos = 1
    end
    return pos <= #subject + 1 and pos - 1 or nil
end

--- The first match: a table of captures, [0] the whole.
-- @treturn ?table nil: no match, or an error
-- @treturn ?string error
function regex.match(subject, pattern, options, ctx, out)
    subject, pattern = text_of(subject, 1, "match"), text_of(pattern, 2, "match")
    local re, err = get(pattern, options)
    if not re then
        return nil, err
    end
    local from = start_of(ctx, subject)
    if not from then
        return nil
    end
    local n
    n, err = execute(re, subject, from)
    if not n or n == NO_MATCH then
        return nil, err
    end
    if ctx then
        ctx.pos = vector[1] + 1
    end
    return captures(re, subject, n, out)
end

--- Where the first match (or its group `nth`) begins and ends.
function regex.find(subject, pattern, options, ctx, nth)
    subject, pattern = text_of(subject, 1, "find"), text_of(pattern, 2, "find")
    local re, err = get(pattern, options)
    if not re then
        return nil, nil, err
    end
    local from = start_of(ctx, subject)
    if not from then
        return nil
    end
    local n
    n, err = execute(re, subject, from)
    if not n or n == NO_MATCH then
        return nil, nil, err
    end
    if ctx then
        ctx.pos = vector[1] + 1
    end
    nth = nth or 0
    if nth > re.groups then
        return nil, nil, "nth out of bound"
    end
    if nth >= n or vector[2 * nth] < 0 then
        return nil, nil
    end
    return vector[2 * nth] + 1, vector[2 * nth + 1]
end

--- Where to look next after an empty match at byte `at_byte`: behind the character there.
local function behind(re, subject, at_byte)
    local next_at = at_byte + 1
    if re.is_utf then
        while next_at < #subject and bit.band(byte(subject, next_at + 1), 0xc0) == 0x80 do
            next_at = next_at + 1
        end
    end
    return next_at
end

--- The next match of an iterator of gmatch, which is a table that is called: a closure would not be compiled.
local function next_match(it)
    local from, subject, re = it.from, it.subject, it.re
    if not from or from > #subject then
        return nil
    end
    local n, problem = execute(re, subject, from)
    if not n or n == NO_MATCH then
        it.from = false
        if problem then
            return nil, problem
        end
        return nil
    end
    it.from = vector[1] > vector[0] and vector[1] or behind(re, subject, vector[1])
    return captures(re, subject, n)
end

local iterator_mt = { __call = next_match }

--- An iterator over all matches.
function regex.gmatch(subject, pattern, options)
    subject, pattern = text_of(subject, 1, "gmatch"), text_of(pattern, 2, "gmatch")
    local re, err = get(pattern, options)
    if not re then
        return nil, err
    end
    return setmetatable({ from = 0, subject = subject, re = re }, iterator_mt)
end

--- Logs what is wrong with a template and raises what the caller returns.
local function bad_template(text)
    native.log_line(4, text)
    error("failed to compile the replacement template", 0)
end

--- What stands behind the dollar at `dollar`: a group number or a text, and the last byte of it.
local function parse_dollar(template, dollar)
    local rest = sub(template, dollar + 1, dollar + 1)
    if rest == "$" then
        return "$", dollar + 1
    elseif rest == "&" then
        return 0, dollar + 1
    end
    local _, stop, brace, name = find(template, "^%$({?)([%w_]+)", dollar)
    if not stop then
        bad_template('lua script: invalid capturing variable name found in "' .. template .. '"')
    end
    if not find(name, "^%d") then
        bad_template('attempt to use named capturing variable "' .. name .. '" (named captures not supported yet)')
    end
    if brace == "" then
        local digits = name:match("^%d+")
        return tonumber(digits), dollar + #digits
    end
    if sub(template, stop + 1, stop + 1) ~= "}" then
        bad_template('the closing bracket in "' .. name .. '" variable is missing')
    end
    return tonumber(name), stop + 1
end

--- A template as a list of texts and group numbers. Raises the reason.
local function parse_template(template)
    local parts, i = {}, 1
    while true do
        local dollar = find(template, "$", i, true)
        parts[#parts + 1] = sub(template, i, (dollar or 0) - 1)
        if not dollar then
            return parts
        end
        local part, stop = parse_dollar(template, dollar)
        parts[#parts + 1] = part
        i = stop + 1
    end
end

--- template → what parse_template made of it; emptied when it is full
local templates, n_templates = {}, 0

--- The template as a list; nil when it holds no `$`, or nil and an error.
local function parts_of(template)
    local parts = templates[template]
    if parts then
        return parts
    elseif not find(template, "$", 1, true) then
        return nil
    end
    local ok
    ok, parts = pcall(parse_template, template)
    if not ok then
        return nil, parts
    end
    if n_templates >= CACHE_HALF then
        templates, n_templates = {}, 0
    end
    templates[template], n_templates = parts, n_templates + 1
    return parts
end

local function expand(parts, subject, n)
    local out = {}
    for i = 1, #parts do
        local part = parts[i]
        out[i] = type(part) == "string" and part or capture(subject, part, n) or ""
    end
    return concat(out)
end

--- What the match just found is replaced by.
local function replacement(re, subject, n, replace, parts)
    if parts then
        return expand(parts, subject, n)
    elseif type(replace) == "string" then
        return replace
    end
    return tostring(replace(captures(re, subject, n)))
end

local function substitute_once(re, subject, replace, parts)
    local n, err = execute(re, subject, 0)
    if not n then
        return nil, nil, err
    elseif n == NO_MATCH then
        return subject, 0
    end
    local first, last = vector[0], vector[1]
    local made = replacement(re, subject, n, replace, parts)
    return sub(subject, 1, first) .. made .. sub(subject, last + 1), 1
end

local function substitute_all(re, subject, replace, parts)
    local out, count, copied, from = {}, 0, 0, 0
    while from <= #subject do
        local n, err = execute(re, subject, from)
        if not n then
            return nil, nil, err
        elseif n == NO_MATCH then
            break
        end
        local first, last = vector[0], vector[1]
        count = count + 1
        out[2 * count - 1] = sub(subject, copied + 1, first)
        out[2 * count] = replacement(re, subject, n, replace, parts)
        copied = last
        from = last > first and last or behind(re, subject, last)
    end
    if count == 0 then
        return subject, 0
    end
    out[2 * count + 1] = sub(subject, copied + 1)
    return concat(out), count
end

--- Text, how many; or nil, nil, error.
local function substitute(name, subject, pattern, replace, options)
    subject, pattern = text_of(subject, 1, name), text_of(pattern, 2, name)
    local re, err = get(pattern, options)
    if not re then
        return nil, nil, err
    end
    local parts
    if type(replace) ~= "function" then
        replace = tostring(replace)
        parts, err = parts_of(replace)
        if err then
            return nil, nil, err
        end
    end
    if name == "sub" then
        return substitute_once(re, subject, replace, parts)
    end
    return substitute_all(re, subject, replace, parts)
end

--- Replaces the first match by a template ($1, ${1}, $$) or by what a function returns.
function regex.sub(subject, pattern, replace, options)
    return substitute("sub", subject, pattern, replace, options)
end

--- Replaces every match.
function regex.gsub(subject, pattern, replace, options)
    return substitute("gsub", subject, pattern, replace, options)
end

return { api = regex, set_stack = set_stack }
