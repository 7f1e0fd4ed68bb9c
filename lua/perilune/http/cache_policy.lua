--- What RFC 9111 says of responses to GET in a private cache: what may be stored, for how long it is fresh, how old it
-- is, what a stale one is still good for. Pure: times are arguments.

local date = require "perilune.http.date"

local policy = {}

local DAY = 86400
local MOST = 2 ^ 31

--- Statuses that may be stored without explicit freshness (RFC 9110 section 15.1); 206 is not stored.
local HEURISTIC = { [200] = true, [203] = true, [204] = true, [300] = true, [301] = true, [308] = true, [404] = true,
    [405] = true, [410] = true, [414] = true, [501] = true }

--- Those whose meaning is known, and of which nothing stands in the way.
local UNDERSTOOD = { [302] = true, [303] = true, [307] = true, [403] = true, [500] = true, [502] = true, [503] = true,
    [504] = true }

--- Fields of a stored response that one of a validation does not change (section 3.2), and those of one connection.
local KEPT = { ["content-length"] = true, ["content-encoding"] = true, ["content-range"] = true,
    ["content-type"] = true, connection = true, ["keep-alive"] = true, ["proxy-connection"] = true, te = true,
    ["transfer-encoding"] = true, upgrade = true, trailer = true }

--- Seconds as a directive says them; 0 for what is none, so that nothing counts as fresh by mistake.
local function seconds(value)
    if type(value) ~= "string" or not value:find("^%d+$") then
        return 0
    end
    return math.min(tonumber(value), MOST)
end

--- The directives of Cache-Control: name in lower case → value, or true.
-- Of repeated ones with a number of seconds the smallest counts.
-- @tparam array values of the fields
-- @treturn table
function policy.directives(values)
    local found = {}
    local text = table.concat(values, ",")
    local at = 1
    while at <= #text do
        local name, next_at = text:match("^[%s,]*([^%s,=]+)%s*()", at)
        if not name then
            break
        end
        name = name:lower()
        local value, after = text:match('^=%s*"([^"]*)"()', next_at)
        if not value then
            value, after = text:match("^=%s*([^%s,]*)()", next_at)
        end
        local before = found[name]
        if type(before) == "string" and value and seconds(before) < seconds(value) then
            value = before
        end
        found[name] = value or before or true
        at = text:find(",", after or next_at, true) or #text + 1
    end
    return found
end

--- Directives; Pragma counts where there is no Cache-Control (section 5.4).
local function with_pragma(values, pragma)
    if #values == 0 and (pragma or ""):lower():find("no-cache", 1, true) then
        return { ["no-cache"] = true }
    end
    return policy.directives(values)
end

--- The directives of a response.
-- @tparam headers headers
function policy.of(headers)
    return with_pragma(headers:get_all("cache-control"), headers["pragma"])
end

--- The directives of a request.
-- @tparam table fields name in lower case → value
function policy.of_request(fields)
    return with_pragma({ fields["cache-control"] }, fields["pragma"])
end

--- A date that says when something expires: one of another zone than GMT is none (section 4.2).
local function moment(text)
    local zone = text:match("%s([%a+-]%w*)%s*$")
    return (not zone or zone:upper() == "GMT" or zone:upper() == "UTC") and date(text) or nil
end

--- For how many seconds a response is fresh after it was made (section 4.2.1), and whether it said so itself.
-- @tparam number status
-- @tparam headers headers
-- @tparam number now when it came, for one without a Date
-- @treturn number
-- @treturn boolean
function policy.lifetime(status, headers, now)
    local control = policy.of(headers)
    if control["max-age"] then
        return seconds(control["max-age"]), true
    end
    local made = date(headers["date"] or "") or now
    if headers["expires"] then
        local expires = #headers:get_all("expires") == 1 and moment(headers["expires"])
        return expires and math.max(expires - made, 0) or 0, true
    end
    local modified = (HEURISTIC[status] or control.public) and date(headers["last-modified"] or "")
    if modified and modified < made then
        return math.min((made - modified) / 10, DAY), false
    end
    return 0, false
end

--- May it be stored (section 3)?
-- @tparam table asked directives of the request
-- @tparam number status
-- @tparam headers headers of the response
function policy.is_storable(asked, status, headers)
    local control = policy.of(headers)
    if asked["no-store"] or control["no-store"] then
        return false
    elseif not HEURISTIC[status] and not UNDERSTOOD[status] then
        return false
    elseif (headers["vary"] or ""):find("*", 1, true) then
        return false
    end
    local is_explicit = control["max-age"] or headers["expires"] or control.public or control.private
    return is_explicit ~= nil or HEURISTIC[status] == true
end

--- The age of a response when it came (section 4.2.3).
-- @tparam headers headers
-- @tparam number sent when it was asked for
-- @tparam number came
function policy.initial_age(headers, sent, came)
    local made = date(headers["date"] or "") or came
    local said = (headers["age"] or ""):match("^(%d+)%s*%f[,%z]") -- of several the first counts (section 5.1)
    local corrected = (said and math.min(tonumber(said), MOST) or 0) + math.max(came - sent, 0)
    return math.max(came - made, corrected, 0)
end

--- Could it ever be used once it is stored: while it is fresh, after a validation, or stale (RFC 5861)?
-- @tparam headers headers
-- @tparam number lifetime
-- @tparam[opt] number otherwise seconds of stale-if-error, where neither side says anything
function policy.is_of_use(headers, lifetime, otherwise)
    local control = policy.of(headers)
    return lifetime > 0 or headers["etag"] ~= nil or headers["last-modified"] ~= nil or otherwise ~= nil
        or control["stale-while-revalidate"] ~= nil or control["stale-if-error"] ~= nil
end

--- Does a 304 speak of this stored response (section 4.3.4)? Not when it has another ETag. Weak and strong forms of
-- one are the same here: servers that compress make it weak in a 200 only.
-- @tparam headers stored
-- @tparam headers of_304
function policy.is_validated_by(stored, of_304)
    local tag = of_304["etag"]
    return not tag or tag:gsub("^W/", "") == (stored["etag"] or ""):gsub("^W/", "")
end

--- What a stored response is good for now.
-- @tparam table asked directives of the request
-- @tparam table entry `status age lifetime came control`
-- @tparam number now
-- @treturn string "fresh"; "stale": to be used, and validated in the background; "validate": to be validated first
function policy.judge(asked, entry, now)
    local age = entry.age + math.max(now - entry.came, 0)
    local control = entry.control
    if asked["no-cache"] or control["no-cache"] then
        return "validate"
    elseif asked["max-age"] and age > seconds(asked["max-age"]) then
        return "validate"
    end
    local left = entry.lifetime - age
    if left > 0 and left >= seconds(asked["min-fresh"] or "0") then
        return "fresh"
    elseif left > 0 or control["must-revalidate"] then
        return "validate"
    elseif asked["max-stale"] and (asked["max-stale"] == true or -left <= seconds(asked["max-stale"])) then
        return "fresh"
    elseif control["stale-while-revalidate"] and -left <= seconds(control["stale-while-revalidate"]) then
        return "stale"
    end
    return "validate"
end

--- May a stale response stand in for an error (RFC 5861 section 4)?
-- @tparam table asked directives of the request
-- @tparam table entry
-- @tparam number now
-- @tparam[opt] number otherwise seconds, where neither side says anything
function policy.covers_error(asked, entry, now, otherwise)
    local control = entry.control
    if control["must-revalidate"] or control["no-cache"] or asked["no-cache"] then
        return false
    end
    local said = asked["stale-if-error"] or control["stale-if-error"]
    local most = said and seconds(said) or otherwise
    return most ~= nil and entry.age + math.max(now - entry.came, 0) - entry.lifetime <= most
end

--- The lines of a head, and its fields by name.
local function take_apart(head)
    local first, fields = head:match("^([^\r\n]*)"), {}
    for name, value in head:gmatch("\n([^%s:]+):[ \t]*([^\r\n]*)") do
        fields[#fields + 1] = { name, value }
    end
    return first, fields
end

local function put_together(first, fields)
    local lines = { first }
    for _, field in ipairs(fields) do
        lines[#lines + 1] = field[1] .. ": " .. field[2]
    end
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

--- A head with an Age of its own (section 5.1).
-- @tparam string head
-- @tparam number age in seconds
function policy.with_age(head, age)
    local first, fields = take_apart(head)
    local kept = {}
    for _, field in ipairs(fields) do
        if field[1]:lower() ~= "age" then
            kept[#kept + 1] = field
        end
    end
    kept[#kept + 1] = { "Age", ("%d"):format(age) }
    return put_together(first, kept)
end

--- A stored head, updated by that of a 304 (section 3.2).
-- @tparam string head
-- @tparam string of_304
function policy.freshened(head, of_304)
    local first, fields = take_apart(head)
    local _, newer = take_apart(of_304)
    local replaced, kept = {}, {}
    for _, field in ipairs(newer) do
        if not KEPT[field[1]:lower()] then
            replaced[field[1]:lower()] = true
        end
    end
    for _, field in ipairs(fields) do
        local name = field[1]:lower()
        if not replaced[name] and name ~= "age" then
            kept[#kept + 1] = field
        end
    end
    for _, field in ipairs(newer) do
        if replaced[field[1]:lower()] then
            kept[#kept + 1] = field
        end
    end
    return put_together(first, kept)
end

return policy
