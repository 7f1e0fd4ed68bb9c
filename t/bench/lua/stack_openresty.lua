--- The same by hand for nginx's Lua module: a signed cookie with the session, which is the cheapest that is safe there.
-- luacheck: globals ngx

local cjson = require "cjson.safe"
local notes = require "notes"

local KEY, WINDOW, MOST = "a secret of the benchmark", 60, 1000000000

--- Counts in a sliding window.
local function is_too_fast(address)
    local dict, now = ngx.shared.rates, ngx.now()
    local index = math.floor(now / WINDOW)
    local share = 1 - (now - index * WINDOW) / WINDOW
    local n = dict:incr("rate:" .. address .. ":" .. index, 1, 0, 2 * WINDOW)
    local left = MOST - n - (dict:get("rate:" .. address .. ":" .. index - 1) or 0) * share
    ngx.header["RateLimit-Limit"] = MOST
    ngx.header["RateLimit-Remaining"] = math.floor(left)
    ngx.header["RateLimit-Reset"] = math.ceil(share * WINDOW)
    return left < 0
end

local function signature(text)
    return ngx.encode_base64(ngx.hmac_sha1(KEY, text))
end

local function read_session()
    local text, code = (ngx.var.cookie_session or ""):match("^([^.]*)%.(.*)$")
    if not text or signature(text) ~= code then
        return {}
    end
    local session = cjson.decode(ngx.decode_base64(text))
    return session.expires > ngx.time() and session or {}
end

return function()
    ngx.header["X-Request-Id"] = ngx.var.request_id
    if is_too_fast(ngx.var.remote_addr) then
        return ngx.exit(429)
    end
    if ngx.req.get_method() == "GET" then
        local text = ngx.encode_base64(cjson.encode { visits = 1, expires = ngx.time() + 86400 })
        ngx.header["Set-Cookie"] = "session=" .. text .. "." .. signature(text) .. "; Path=/; HttpOnly; SameSite=Lax"
        return ngx.print("welcome")
    end
    local session = read_session()
    ngx.req.read_body()
    local note = cjson.decode(ngx.req.get_body_data())
    if not note then
        return ngx.exit(400)
    end
    ngx.header["Content-Type"] = "application/json"
    ngx.print(cjson.encode(notes.page(note, session.visits)))
end
