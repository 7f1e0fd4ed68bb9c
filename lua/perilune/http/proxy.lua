--- Requests through an HTTP proxy (RFC 9112 section 3.2.2): which one, and what it is told.
--
-- The option `proxy` is `"http://[user:password@]host[:port]"`, `true` for the environment (`http_proxy`,
-- `no_proxy`), or `false`. `no_proxy` is an array of hosts (`"example.org"` means what is below it, too) that are
-- asked directly.

local core = require "perilune.core.client"
local failure = require "perilune.failure"
local url = require "perilune.http.url"

local proxy = {}

local function is_exempt(host, list)
    for _, entry in ipairs(list) do
        entry = entry:lower():gsub("^%.", "")
        if entry == "*" or host == entry or host:sub(-#entry - 1) == "." .. entry then
            return true
        end
    end
    return false
end

local function environment(u)
    local exempt = {}
    for entry in (os.getenv("no_proxy") or os.getenv("NO_PROXY") or ""):gmatch("[^,%s]+") do
        exempt[#exempt + 1] = entry
    end
    local named = u.scheme == "http" and os.getenv("http_proxy") or nil
    return not is_exempt(u.host, exempt) and named ~= "" and named or nil
end

--- How a URL is reached: nothing when directly, else the key of the connection, its way, and the proxy; or an error
-- object in its place.
-- @tparam table o options of the request
-- @tparam table u of `url.parse`
function proxy.way(o, u)
    local named = o.proxy
    if named == nil or named == false or o.no_proxy and is_exempt(u.host, o.no_proxy) then
        return nil
    elseif named == true then
        named = environment(u)
        if not named then
            return nil
        end
    end
    local via, err = url.parse(named)
    if not via or via.scheme ~= "http" or u.scheme ~= "http" then
        return nil, nil, err or failure.new("invalid", ("%s cannot be reached through %s"):format(u.origin, via.origin))
    end
    return "proxy " .. via.origin, via, { proxy = via, headers = o.proxy_headers }
end

--- The target and the fields that a proxy gets.
-- @tparam table via what `way` gave
-- @tparam table u of `url.parse`
-- @tparam table fields flat array
-- @treturn string absolute-form
-- @treturn table flat array
function proxy.absolute(via, u, fields)
    local all = {}
    for i = 1, #fields do
        all[i] = fields[i]
    end
    local info = via.proxy.userinfo
    if info then
        all[#all + 1] = "Proxy-Authorization"
        all[#all + 1] = "Basic " .. core.base64(url.credentials(info))
    end
    for name, value in pairs(via.headers or {}) do
        all[#all + 1], all[#all + 2] = name, tostring(value)
    end
    return u.url, all
end

return proxy
