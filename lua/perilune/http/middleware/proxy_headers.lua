--- Behind proxies: address, scheme and host as the client had them, from X-Forwarded-For, -Proto and -Host, as far as
-- proxies that are trusted tell them.
--
-- The list of X-Forwarded-For is read from its end: each address was added by the hop after it. The first one that is
-- not a trusted proxy is the client, `req.remote_addr`; what stands before it could be invented. Nothing is taken
-- when the connection itself comes from somebody else.
--
-- Options: `trusted` (array of addresses and networks, "10.0.0.0/8", "2001:db8::/32"; "unix:": Unix sockets; required),
-- `most` (hops, at most; 10).

local define = require "perilune.http.middleware.define"
local forwarded = require "perilune.core.forwarded"

local function last(list)
    return list and list:match("([^,%s]+)%s*$")
end

return define("proxy_headers", { trusted = "table", most = "count" }, function(o)
    if not o.trusted then
        error("middleware.proxy_headers: option 'trusted' is needed", 0)
    end
    local trust, wrong = forwarded.trust(o.trusted)
    if not trust then
        error(("middleware.proxy_headers: '%s' is neither an address nor a network"):format(wrong), 0)
    end
    return function(handler)
        return function(req)
            local from, fields = req.remote_addr or "", req.headers
            if not forwarded.has(trust, from) then
                return handler(req)
            end
            local client = forwarded.client(trust, from, fields["x-forwarded-for"] or "", o.most or 10)
            local scheme, host = last(fields["x-forwarded-proto"]), last(fields["x-forwarded-host"])
            if client then
                rawset(req, "remote_addr", client)
            end
            if scheme and (scheme:lower() == "http" or scheme:lower() == "https") then
                rawset(req, "scheme", scheme:lower())
            end
            if host and host:find("^[%w%-._:%[%]]+$") then
                rawset(req, "host", (host:lower():gsub(":%d+$", "")))
            end
            return handler(req)
        end
    end
end)
