--- The challenges of a WWW-Authenticate field (RFC 9110 section 11.6.1).
--
-- Commas stand between challenges and between the parameters of one, so that a name decides: with `=` and a value
-- behind it, it is a parameter of the challenge before it, else it is the scheme of the next.

local challenge = {}

local TOKEN = "[%w!#$%%&'*+%-.^_`|~]+"

--- The text of a quoted string whose first quote is at `at`, and where it ends; nil without a last quote.
local function quoted(value, at)
    local from = at + 1
    at = from
    while true do
        local stop = value:find('["\\]', at)
        if not stop then
            return nil
        elseif value:sub(stop, stop) == '"' then
            return (value:sub(from, stop - 1):gsub("\\(.)", "%1")), stop + 1
        end
        at = stop + 2
    end
end

--- The parameter at `at`: name, text, where it ends; nil when none is there.
local function parameter(value, at)
    local _, last, name = value:find("^(" .. TOKEN .. ")%s*=%s*", at)
    if not last then
        return nil
    end
    local text, stop
    if value:sub(last + 1, last + 1) == '"' then
        text, stop = quoted(value, last + 1)
    else
        text, stop = value:match('^([^%s,"]+)()', last + 1)
    end
    if text and (value:find("^%s*,", stop) or value:find("^%s*$", stop)) then
        return name:lower(), text, stop
    end
end

--- Reads one field value. What is malformed is passed over.
-- @tparam string value
-- @treturn table array of tables: `scheme` and the parameters, names in lower case
function challenge.parse(value)
    local found, current, at = {}, nil, value:find("[^%s,]")
    while at do
        local name, text, stop = parameter(value, at)
        if not name then
            local scheme, last = value:match("^(" .. TOKEN .. ")()%f[%s,%z]", at)
            current = scheme and { scheme = scheme:lower() }
            found[#found + 1] = current
            stop = last or value:find(",", at, true) or #value + 1
        elseif current and current[name] == nil then
            current[name] = text
        end
        at = value:find("[^%s,]", stop)
    end
    return found
end

return challenge
