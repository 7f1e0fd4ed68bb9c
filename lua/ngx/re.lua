--- More on regular expressions: splitting.

local regex = require "ngx.api.regex"

local re = { version = "0.1" }

--- Where the next match begins, where to go on behind it (the same place when it is empty), and its first group.
local function next_match(subject, pattern, options, look)
    local found, err = regex.api.match(subject, pattern, options, look)
    if not found then
        return nil, nil, nil, err
    end
    local behind = look.pos
    if found[0] == "" then
        look.pos = behind + 1
    end
    return behind - #found[0], behind, found[1]
end

--- Without a limit, empty pieces at the end are left out.
local function drop_empty(pieces, n)
    while n > 0 and pieces[n] == "" do
        pieces[n] = nil
        n = n - 1
    end
    return n
end

--- Cuts `subject` where `pattern` matches; an empty match cuts between two bytes. The first group is a piece, too.
-- @tparam string subject
-- @tparam string pattern
-- @tparam[opt] string options
-- @tparam[opt] table ctx `pos` tells where to begin
-- @tparam[opt] number most pieces (groups do not count), 0 or less: any number
-- @tparam[opt] table out to fill
-- @treturn ?table pieces, up to the first nil
-- @treturn ?string error
function re.split(subject, pattern, options, ctx, most, out)
    subject, most = tostring(subject), most or 0
    local pieces, n, cuts = out or {}, 0, 0
    local at = ctx and ctx.pos or 1
    if at > #subject then
        pieces[1] = nil
        return pieces
    end
    local look = { pos = at }
    while at <= #subject and (most <= 0 or cuts < most - 1) do
        local first, behind, group, err = next_match(subject, pattern, options, look)
        if not first then
            if err then
                return nil, err
            end
            break
        end
        if behind > first or first > at then
            cuts, n = cuts + 1, n + 1
            pieces[n] = subject:sub(at, first - 1)
            if group then
                n = n + 1
                pieces[n] = group
            end
            at = behind
        end
    end
    if most <= 0 and at > #subject then
        n = drop_empty(pieces, n)
    else
        n = n + 1
        pieces[n] = subject:sub(at)
    end
    pieces[n + 1] = nil
    return pieces
end

--- `re.opt("jit_stack_size", bytes)`: how much stack a match by compiled code (option `j`) may take, 32 KiB without it;
-- to be set before the first pattern is compiled, as in `init_by_lua*`. Raises otherwise, and on another name.
-- @tparam string name
-- @tparam number value
function re.opt(name, value)
    if name ~= "jit_stack_size" then
        error("unrecognized option name", 2)
    elseif type(value) ~= "number" or value < 1 then
        error("bad argument #2 to 'opt' (positive number expected, got " .. tostring(value) .. ")", 2)
    end
    regex.set_stack(value)
end

return re
