--- Bytes in pieces, cut into lines.

local failure = require "perilune.failure"

local lines = {}

local MOST = 1048576

--- A function that cuts pieces into lines (ended by LF, CRLF or CR) and gives each to `line`; nil is the end, and what
-- is left then a line, too. Raises an error object with code `too_large` for a line of more than 1 MiB.
-- @tparam function line
-- @treturn function
function lines.cutter(line)
    local rest = ""
    return function(piece)
        local text, from = rest .. (piece or ""), 1
        while true do
            local at = text:find("[\r\n]", from)
            if not at or at == #text and piece and text:byte(at) == 13 then -- perhaps a LF follows
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
