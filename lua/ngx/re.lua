--- More on regular expressions: splitting.

local regex = require "ngx.api.regex"

local re = { version = "0.1" }

local function add_captures(m, add)
    for i = 1, #m do
        if m[i] then
            add(m[i])
        end
    end
end

--- Cuts `subject` where `pattern` matches; captures are pieces too.
-- @tparam string subject
-- @tparam string pattern
-- @tparam[opt] string options
-- @tparam[opt] table ctx `pos` tells where to begin
-- @tparam[opt] number most pieces, 0 or less: any number
-- @tparam[opt] table out to fill
-- @treturn ?table pieces
-- @treturn ?string error
function re.split(subject, pattern, options, ctx, most, out)
    local pieces, n = out or {}, 0
    local pos = ctx and ctx.pos or 1
    most = most or 0
    local at = pos
    local function add(piece)
        n = n + 1
        pieces[n] = piece
    end
    while most <= 0 or n < most - 1 do
        local c = { pos = at }
        local from, to, err = regex.find(subject, pattern, options, c)
        if err then
            return nil, err
        end
        if not from then
            break
        end
        if to < from then
            if from >= #subject then
                break
            end
            add(subject:sub(pos, from))
            pos, at = from + 1, from + 1
        else
            add(subject:sub(pos, from - 1))
            add_captures(regex.match(subject, pattern, options, { pos = at }), add)
            pos, at = to + 1, to + 1
        end
    end
    if pos <= #subject or n == 0 then
        add(subject:sub(pos))
    end
    for i = n + 1, #pieces do
        pieces[i] = nil
    end
    return pieces
end

--- Accepted for compatibility: limits are fixed.
function re.opt() end

return re
