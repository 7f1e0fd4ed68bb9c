--- Conditional requests (RFC 9110 section 13): may an answer be left out, because the client has it?

local date = require "perilune.http.date"
local request = require "perilune.http.request"

local conditions = {}

--- The opaque part of an entity tag, and whether it is weak.
local function tag_of(text)
    local weak, opaque = text:match('^(W?/?)("[^"%c ]*")$')
    return opaque, weak == "W/"
end

--- Is the tag in a list? Weak tags are equal to their likes only where `is_weak_enough` (section 8.8.3.2).
local function is_listed(list, etag, is_weak_enough, exists)
    if list:match("^[ \t]*%*[ \t]*$") then
        return exists
    elseif not etag then
        return false
    end
    local own, own_is_weak = tag_of(etag)
    for weak, opaque in list:gmatch('(W?/?)("[^"]*")') do
        if opaque == own and (is_weak_enough or weak == "" and not own_is_weak) then
            return true
        end
    end
    return false
end

local function is_newer(modified, than)
    local limit = than and date(than)
    return modified ~= nil and limit ~= nil and modified > limit
end

--- Evaluates the conditions of a request in their order (section 13.2.2).
-- @tparam table req
-- @tparam string|nil etag of what there is now, with its quotes
-- @tparam number|nil modified seconds since 1970; with neither of them there is nothing yet
-- @treturn number|nil 304 or 412; nil: go on
function conditions.check(req, etag, modified)
    request.expect(req, "http.conditions")
    local fields = req.headers
    local match, none_match = fields["if-match"], fields["if-none-match"]
    local exists = etag ~= nil or modified ~= nil
    if match then
        if not is_listed(match, etag, false, exists) then
            return 412
        end
    elseif is_newer(modified, fields["if-unmodified-since"]) then
        return 412
    end
    local is_read = req.method == "GET" or req.method == "HEAD"
    if none_match then
        return is_listed(none_match, etag, true, exists) and (is_read and 304 or 412) or nil
    end
    local since = fields["if-modified-since"]
    local has_it = is_read and since and modified and date(since) and not is_newer(modified, since)
    return has_it and 304 or nil
end

--- Does If-Range allow a part (section 13.1.5)? True without one.
-- @treturn boolean
function conditions.allows_part(req, etag, modified)
    local wanted = req.headers["if-range"]
    if not wanted then
        return true
    elseif wanted:find('^W?/?"') then
        local own, is_weak = tag_of(etag or "")
        return own == wanted and not is_weak
    end
    return modified ~= nil and date(wanted) == modified
end

return conditions
