--- Bytes in pieces, cut into lines.

local failure = require "perilune.failure"

local lines = {}

local concat, find, huge = table.concat, string.find, math.huge

local MOST, MOST_HELD = 1048576, 4096

--- Where `byte` is next, from `from` on; `known`: where it was found before. One search for each byte: a pattern for
-- both costs 140 instructions for each byte that is passed.
local function next_of(text, byte, from, known)
    return known >= from and known or find(text, byte, from, true) or huge
end

--- Two searches for one byte each, for the same reason.
-- @tparam string text
-- @treturn ?number
function lines.has_end(text)
    return find(text, "\n", 1, true) or find(text, "\r", 1, true)
end

--- Gives the lines of a text to `line`; a CR at its end is none yet when more may come: perhaps a LF follows.
-- @treturn string what is left
local function cut(text, line, may_go_on)
    local from, cr, lf = 1, 0, 0
    while true do
        cr, lf = next_of(text, "\r", from, cr), next_of(text, "\n", from, lf)
        local at = cr < lf and cr or lf
        if at == huge or at == #text and may_go_on and at == cr then
            return text:sub(from)
        end
        line(text:sub(from, at - 1))
        from = at + (text:sub(at, at + 1) == "\r\n" and 2 or 1)
    end
end

--- A function that cuts pieces into lines (ended by LF, CRLF or CR) and gives each to `line`; nil is the end, and what
-- is left then a line, too. Raises an error object with code `too_large` for a line of more than 1 MiB.
-- @tparam function line
-- @treturn function
function lines.cutter(line)
    local held, n, size = {}, 0, 0 -- of a line that has not ended; joined seldom, for its pieces may be many and small

    local function joined()
        local text = n == 1 and held[1] or concat(held, "", 1, n)
        held, n = n > 1 and {} or held, 0
        return text
    end

    local function hold(piece)
        if n == MOST_HELD then
            local text = joined()
            held[1], n = text, 1
        end
        n, size = n + 1, size + #piece
        held[n] = piece
        if size > MOST then
            error(failure.new("too_large", "a line of more than 1 MiB"), 0)
        end
    end

    return function(piece)
        local has_cr = n > 0 and held[n]:byte(-1) == 13
        if piece and not has_cr and not lines.has_end(piece) then
            hold(piece)
            return
        end
        local text = n == 0 and (piece or "") or joined() .. (piece or "")
        size = 0
        local rest = cut(text, line, piece ~= nil)
        if piece and rest ~= "" then
            hold(rest)
        elseif rest ~= "" then
            line(rest)
        end
    end
end

return lines
