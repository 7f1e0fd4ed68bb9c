--- Content negotiation (RFC 9110 section 12): what a client accepts, and what of a choice it likes best.
--
-- Fields are read strictly. One that is malformed is as good as none: a server may disregard it, and guessing what it
-- was to say serves nobody. Where a client likes several offers as much, the order of the offers counts.

local accept = {}

local CHARS = "[%w!#$%%&'*+%-.^_`|~]+"
local RANGES = { type = CHARS .. "/" .. CHARS, language = "[%w*%-]+", charset = CHARS, encoding = CHARS }
local NAME, TOKEN, QUOTED = "^(" .. CHARS .. ")=()", "^(" .. CHARS .. ")()", '^"([^"\\\127%c]*)"()'

--- The parameters from `at` on: name (lower case) → value; the place behind them; nil when they are malformed.
local function read_parameters(text, at)
    local found
    while true do
        local next_at = text:match("^[ \t]*;[ \t]*()", at)
        if not next_at then
            return found, at
        end
        local name, after = text:match(NAME, next_at)
        local value, rest = text:match(TOKEN, after or #text + 1)
        if name and not value then
            value, rest = text:match(QUOTED, after)
        end
        if not value then
            return nil
        end
        found = found or {}
        found[name:lower()] = value
        at = rest
    end
end

--- A weight (section 12.4.2): 0 to 1 with at most three decimals; nil when it is none.
local function weight_of(text)
    if text == nil then
        return 1
    elseif text:find("^0%.?%d?%d?%d?$") or text:find("^1%.?0?0?0?$") then
        return tonumber(text)
    end
end

local function read_element(text, at, pattern)
    local value, after = text:match("^(" .. pattern .. ")()", at)
    if not value then
        return nil
    end
    local parameters, rest = read_parameters(text, after)
    local q = rest and weight_of(parameters and parameters.q)
    if not q then
        return nil
    end
    if parameters then
        parameters.q = nil
    end
    return { value = value:lower(), q = q, parameters = parameters and next(parameters) and parameters or nil }, rest
end

--- Reads a field.
-- @tparam string text
-- @tparam string kind "type", "language", "charset" or "encoding"
-- @treturn table|nil array of `{value=, q=, parameters=}`, lower case; nil when it is malformed
function accept.parse(text, kind)
    local list, at = {}, 1
    while true do
        at = text:match("^[ \t,]*()", at)
        if at > #text then
            return list
        end
        local element, rest = read_element(text, at, RANGES[kind])
        if not element or not text:find("^[ \t]*,", rest) and not text:find("^[ \t]*$", rest) then
            return nil
        end
        list[#list + 1] = element
        at = rest
    end
end

-- ---------------------------------------------------------------------------------------------------------------------
-- How well a range fits an offer: the higher, the more precise; nil: not at all.

local fits = {}

local function parameters_fit(wanted, has)
    for name, value in pairs(wanted) do
        if not has or not has[name] or has[name]:lower() ~= value:lower() then
            return false
        end
    end
    return true
end

function fits.type(range, offer)
    local value = range.value
    if value == "*/*" then
        return 0
    elseif value == offer.value then
        if not range.parameters then
            return 2
        end
        return parameters_fit(range.parameters, offer.parameters) and 3 or nil
    end
    local group = value:match("^([^/]+)/%*$")
    return group and group == offer.value:match("^[^/]+") and 1 or nil
end

--- RFC 4647: a range takes the languages that it begins (3.3.1); when it is narrower than an offer, the offer will
-- do (3.4).
function fits.language(range, offer)
    local value, tag = range.value, offer.value
    if value == "*" then
        return 0
    elseif value == tag or tag:sub(1, #value + 1) == value .. "-" then
        return 1000 + #value
    elseif value:sub(1, #tag + 1) == tag .. "-" then
        return #tag
    end
end

function fits.charset(range, offer)
    return range.value == "*" and 0 or range.value == offer.value and 1 or nil
end

fits.encoding = fits.charset

--- The weight that ranges give to an offer: that of the one that fits best.
local function quality(ranges, offer, fit)
    local best, q = -1, nil
    for _, range in ipairs(ranges) do
        local how = fit(range, offer)
        if how and how > best then
            best, q = how, range.q
        end
    end
    return q or 0
end

--- The weight that a field gives to an offer, 0 when it is not accepted. A field that is not there, or malformed,
-- accepts everything.
-- @tparam string|nil field
-- @tparam string kind as of `accept.parse`
-- @tparam string offer
-- @treturn number 0 to 1
function accept.quality(field, kind, offer)
    local ranges = field and accept.parse(field, kind)
    return not ranges and 1 or quality(ranges, accept.parse(offer, kind)[1], fits[kind])
end

--- What the client likes best of what there is.
-- @tparam string|nil field what the client has sent
-- @tparam string kind as of `accept.parse`
-- @tparam table offers array of texts, the best one first
-- @treturn string|nil one of them; nil when none is accepted
-- @treturn number its weight
function accept.best(field, kind, offers)
    local ranges = field and accept.parse(field, kind)
    if not ranges then
        return offers[1], 1
    end
    local best, best_q = nil, 0
    for _, offer in ipairs(offers) do
        local q = quality(ranges, accept.parse(offer, kind)[1], fits[kind])
        if q > best_q then
            best, best_q = offer, q
        end
    end
    return best, best_q
end

return accept
