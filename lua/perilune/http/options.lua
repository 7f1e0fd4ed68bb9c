--- The options of a request of the client: their names, types, and what is wrong with a value.

local suggest = require "perilune.suggest"

local options = {}

local seconds = "seconds"

--- name → type, or a list of types; `seconds` is a number that is not negative.
options.known = {
    url = "string", scheme = "string", host = "string", port = "number", path = "string", query_string = "string",
    unix_path = "string", method = "string",
    query_params = "table", form_params = "table", multi_param_style = "string", json = "any", multipart = "table",
    body = "any", headers = "table", accept = "string", accept_encoding = { "string", "table", "boolean" },
    content_type = "string", character_encoding = "string", decompress = "boolean",
    basic_auth = { "string", "table" }, digest_auth = { "string", "table" }, bearer = "string", oauth_token = "string",
    user_info = "string",
    cookies = "table", cookie_store = "table",
    follow_redirects = "boolean", max_redirects = "number", allow_downgrade = "boolean",
    throw_exceptions = "boolean", unexceptional_status = { "function", "table" },
    as = "string", save_to = "string", resume = "boolean", on_progress = "function", max_body_size = "number",
    pool = "table", pool_timeout = seconds, connection_timeout = seconds, request_timeout = seconds,
    read_timeout = seconds, total_timeout = seconds, keep_alive = "boolean",
    expect_continue = "boolean", on_informational = "function", http_version = "string",
    middleware = "function", request_interceptor = "function", response_interceptor = "function",
    proxy = { "string", "boolean" }, no_proxy = "table", proxy_headers = "table",
    tls = "any", insecure = "boolean", server_name = "string",
    retry = { "number", "table", "boolean" }, save_request = "boolean", upgrade = "string",
}

local function is_of(value, kind)
    if kind == "any" then
        return true
    elseif kind == seconds then
        return type(value) == "number" and value >= 0
    elseif type(kind) == "table" then
        for _, one in ipairs(kind) do
            if is_of(value, one) then
                return true
            end
        end
        return false
    end
    return type(value) == kind
end

local function names_of(known)
    local names = {}
    for name in pairs(known) do
        names[#names + 1] = name
    end
    return names
end

--- Raises when there is an unknown option or one of the wrong type.
-- @tparam table given
-- @tparam table known name → type
-- @tparam string who for the message
-- @tparam number level of the stack that is blamed
function options.check(given, known, who, level)
    for name, value in pairs(given) do
        local kind = known[name]
        if not kind then
            error(("%s: unknown option '%s'%s"):format(who, tostring(name), suggest(name, names_of(known))), level + 1)
        elseif kind ~= type(value) and not is_of(value, kind) then
            local expected = type(kind) == "table" and table.concat(kind, " or ") or kind
            error(("%s: option '%s' must be a %s, not a %s"):format(who, name, expected, type(value)), level + 1)
        end
    end
end

return options
