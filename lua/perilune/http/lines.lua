--- Bytes in pieces, cut into lines.

local failure = require "perilune.failure"

local lines = {}

local find, huge = string.find, math.huge

local MOST = 1048576

--- Where `byte` is next, from `from` on; `known`: where it was found before. One search for each byte: a pattern for
-- both costs 140 instructions for each byte that is passed.
local function next_of(text, byte, from, known)
    return known >= from and known or find(text, byte, from, true) or huge
end

--- A function that cuts pieces into lines (ended by LF, CRLF or CR) and gives each to `line`; nil is the end, and what
-- is left then a line, too. Raises an error object with code `too_large` for a line of more than 1 MiB.
-- @tparam function line
-- @treturn function
function lines.cutter(line)
    local rest = ""
    return function(piece)
        local text, from = rest .. (piece or ""), 1
        local cr, lf = 0, 0
        while true do
            cr, lf = next_of(text, "\r", from, cr), next_of(text, "\n", from, lf)
            local at = cr < lf and cr or lf
            if at == huge or at == #text and piece and at == cr then -- perhaps a LF follows
                break
            end
            line(text:sub(from, at - 1))
            from = at + (text:sub(at, at + 1) == "\r\n" and 2 or 1)
        end
        rest = text:sub(from)
        if not piece and rest ~= "" then
            line(rest)
            rest = ""
        elseif #rest > MOST then
            error(failure.new("too_large", "a line of more than 1 MiB"), 0)
        end
    end
end

return lines
