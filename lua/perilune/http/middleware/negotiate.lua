--- Content negotiation: which of the forms that there are a client likes best, in `req.accepts`: `type`, `language`,
-- `charset`, each one of the offers of the option. Who accepts none of the types is answered 406, with a list of them;
-- of languages and charsets, which are better than nothing, the first one is taken then. Vary says what has counted.
--
-- Options: `types`, `languages`, `charsets` (arrays, the best one first).

local accept = require "perilune.http.accept"
local answer = require "perilune.http.answer"
local define = require "perilune.http.middleware.define"

local KINDS = { { "types", "type", "Accept" }, { "languages", "language", "Accept-Language" },
    { "charsets", "charset", "Accept-Charset" } }

local function check(o)
    local wanted = {}
    for _, kind in ipairs(KINDS) do
        local offers = o[kind[1]]
        for _, offer in ipairs(offers or {}) do
            if type(offer) ~= "string" or not (accept.parse(offer, kind[2]) or {})[1] then
                error(("middleware.negotiate: '%s' is no %s"):format(tostring(offer), kind[2]), 0)
            end
        end
        if offers then
            wanted[#wanted + 1] = { name = kind[2], field = kind[3], offers = offers }
        end
    end
    if #wanted == 0 then
        error("middleware.negotiate: one of the options 'types', 'languages' and 'charsets' is needed", 0)
    end
    return wanted
end

local function refusal(offers)
    return { status = 406, headers = { Vary = "Accept" }, body = table.concat(offers, "\n") .. "\n" }
end

return define("negotiate", { types = "table", languages = "table", charsets = "table" }, function(o)
    local wanted = check(o)
    return function(handler)
        return function(req)
            local found = {}
            for _, kind in ipairs(wanted) do
                local best = accept.best(req.headers[kind.field], kind.name, kind.offers)
                if not best and kind.name == "type" then
                    return refusal(kind.offers)
                end
                found[kind.name] = best or kind.offers[1]
            end
            rawset(req, "accepts", found)
            local res = answer.of(handler(req))
            for _, kind in ipairs(wanted) do
                answer.vary(res, kind.field)
            end
            if found.language then
                answer.default(res, "Content-Language", found.language)
            end
            return res
        end
    end
end)
