--- The options of a request of the client: name → kind, as of perilune.options.

local kinds = require "perilune.http.kinds"

local seconds = "seconds"

local known = {
    url = "string", scheme = "string", host = "string", port = "port", path = "string", query_string = "string",
    unix_path = "string", method = "string",
    query_params = "table", form_params = "table", multi_param_style = "string", json = "any", multipart = "table",
    body = "any", headers = kinds.fields, accept = "string",
    accept_encoding = { "string", { each = "string" }, "boolean" },
    content_type = "string", character_encoding = "string", decompress = "boolean",
    basic_auth = { "string", "table" }, digest_auth = { "string", "table" }, bearer = "string", oauth_token = "string",
    user_info = "string",
    cookies = "table", cookie_store = kinds.cookie_store,
    follow_redirects = "boolean", max_redirects = "count", allow_downgrade = "boolean",
    throw_exceptions = "boolean", unexceptional_status = { "function", "table" },
    reconnect = { "boolean", "table" }, hedge = { seconds, "table" }, debug_body = "boolean",
    cache = "table", log_activity = { "boolean", "string", "function" },
    as = "string", save_to = "string", resume = "boolean", on_progress = "function", max_body_size = "bytes",
    pool = "table", pool_timeout = seconds, connection_timeout = seconds, request_timeout = seconds,
    read_timeout = seconds, total_timeout = seconds, keep_alive = "boolean",
    http_versions = "table", force_h2c = "boolean", trailers = kinds.fields,
    expect_continue = "boolean", on_informational = "function", http_version = "string",
    middleware = "function", request_interceptor = "function", response_interceptor = "function",
    proxy = { "string", "boolean" }, no_proxy = { "string", { each = { "string", "number" } } },
    proxy_headers = kinds.fields,
    proxy_tunnel = "boolean", proxy_tls = "any", proxy_insecure = "boolean",
    local_address = "string", resolver = "table", family = "string",
    tls = "any", insecure = "boolean", server_name = "string",
    retry = { "count", "table", "boolean" }, save_request = "boolean",
}

return known
