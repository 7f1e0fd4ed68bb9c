--- Reads the quoted texts of the Perl subset: strings, patterns and here-documents.
--
-- Works on a scanner, a table `{src=, pos=}`; `pos` is the next byte. A quoted text becomes a
-- list of parts, each a plain string or `{name=}` / `{env=}` for a variable to fill in when the
-- expression is evaluated. What is not understood raises a plain message.
-- @module perilune.test.perl_text

local M = {}

local CLOSERS = { ["{"] = "}", ["("] = ")", ["["] = "]", ["<"] = ">" }
local ESCAPES = { n = "\n", r = "\r", t = "\t", e = "\27", a = "\7", f = "\12", b = "\8" }

local function utf8_char(code)
    if code < 256 then
        return string.char(code)
    elseif code < 2048 then
        return string.char(192 + math.floor(code / 64), 128 + code % 64)
    end
    return string.char(224 + math.floor(code / 4096), 128 + math.floor(code / 64) % 64,
        128 + code % 64)
end

--- Takes a text in delimiters from the scanner (brackets nest); `pos` is at the opening one.
function M.delimited(scan)
    local open = scan.src:sub(scan.pos, scan.pos)
    local close = CLOSERS[open] or open
    local depth, at, from = 1, scan.pos + 1, scan.pos + 1
    while true do
        local char = scan.src:sub(at, at)
        if char == "" then
            error("unfinished text that starts with " .. open, 0)
        elseif char == "\\" then
            at = at + 1
        elseif char == close then
            depth = depth - 1
            if depth == 0 then
                break
            end
        elseif char == open then
            depth = depth + 1
        end
        at = at + 1
    end
    scan.pos = at + 1
    return scan.src:sub(from, at - 1), open, close
end

--- The text between single quotes: only the backslash and the delimiters are escapes.
function M.single(text, open, close)
    return (text:gsub("\\(.)", function(char)
        if char == "\\" or char == open or char == close then
            return char
        end
        return "\\" .. char
    end))
end

-- Decodes the escape whose backslash is at `at`; returns the bytes and the next position.
local function unescape(text, at)
    local hex, last = text:match("^\\x{(%x+)}()", at)
    if not hex then
        hex, last = text:match("^\\x(%x%x?)()", at)
    end
    if hex then
        return utf8_char(tonumber(hex, 16)), last
    end
    local octal, after = text:match("^\\([0-7][0-7]?[0-7]?)()", at)
    if octal then
        return utf8_char(tonumber(octal, 8)), after
    end
    local char = text:sub(at + 1, at + 1)
    return ESCAPES[char] or char, at + 2
end

-- Recognises a variable at `at`; returns the part and the next position.
local function variable(text, at)
    local env, last = text:match("^%$ENV{['\"]?([%w_]+)['\"]?}()", at)
    if env then
        return { env = env }, last
    end
    local name, after = text:match("^%${?:*([%a_][%w_]*)}?()", at)
    if not name then
        name, after = text:match("^%$main::([%a_][%w_]*)()", at)
    end
    if name then
        return { name = name }, after
    end
end

local function push(parts, text)
    if text ~= "" then
        parts[#parts + 1] = text
    end
end

--- Splits a text in which variables are filled in.
-- @tparam string text
-- @tparam boolean is_pattern keep escapes as they are
-- @treturn table parts
function M.interpolated(text, is_pattern)
    local parts, at = {}, 1
    while at <= #text do
        local stop = text:find("[\\$@]", at) or #text + 1
        push(parts, text:sub(at, stop - 1))
        local char = text:sub(stop, stop)
        at = stop + 1
        if char == "\\" and is_pattern then
            push(parts, text:sub(stop, stop + 1))
            at = stop + 2
        elseif char == "\\" then
            local bytes
            bytes, at = unescape(text, stop)
            push(parts, bytes)
        elseif char == "$" then
            local part, after = variable(text, stop)
            parts[#parts + 1] = part or "$"
            at = after or at
        elseif char == "@" then
            if text:sub(stop, stop + 1) == "@{" then
                error("@{...} in a string is not understood", 0)
            end
            push(parts, "@")
        end
    end
    return parts
end

--- Takes a here-document; `pos` is just after `<<`. Its lines are cut out of the source.
-- @treturn string body
-- @treturn boolean whether variables are filled in
function M.heredoc(scan)
    local quote, tag, after = scan.src:match("^%s*(['\"]?)([%w_]+)()", scan.pos)
    if not tag then
        error("unreadable here-document", 0)
    end
    if quote ~= "" then
        after = after + 1
    end
    local line_end = scan.src:find("\n", after, true) or #scan.src
    local rest = scan.src:sub(line_end + 1)
    local body, tail
    if rest:sub(1, #tag + 1) == tag .. "\n" or rest == tag then
        body, tail = "", rest:sub(#tag + 2)
    else
        local from, to = (rest .. "\n"):find("\n" .. tag .. "\n", 1, true)
        if not from then
            error("here-document without its end " .. tag, 0)
        end
        body, tail = rest:sub(1, from), rest:sub(to + 1)
    end
    scan.src = scan.src:sub(1, line_end) .. tail
    scan.pos = after
    return body, quote ~= "'"
end

return M
