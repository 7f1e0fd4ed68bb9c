--- The names of all sections: those the runner acts on, those it leaves alone, and those that
-- make it skip the block, with the reason.
-- @module perilune.test.sections

local suggest = require "perilune.suggest"

local M = {}

local function set(names)
    local out = {}
    for name in names:gmatch("%S+") do
        out[name] = true
    end
    return out
end

--- Sections with an effect.
M.known = set [[
    config http_config main_config post_main_config stream_config stream_server_config
    stream_server_config2 stream_server_config3 user_files request raw_request
    pipelined_requests more_headers raw_request_middle_delay stream_request response_body
    response_body_like response_body_unlike response_body_filters response_headers
    response_headers_like raw_response_headers_like raw_response_headers_unlike error_code
    error_code_like ignore_response ignore_response_body stream_response
    stream_response_like error_log no_error_log grep_error_log grep_error_log_out
    shutdown_error_log no_shutdown_error_log access_log no_access_log error_log_file must_die
    timeout wait abort shutdown log_level master_on workers worker_connections server_name env
    init ONLY SKIP LAST skip_eval skip_nginx skip_openssl http09 server_addr_for_client
    trickle raw_response raw_response_like connection responses exec exec_out exec_out_like
    exec_code
]]

--- Sections that other runners use and that change nothing here.
M.ignored = set [[
    no_http2 no_http3 no_check_leak no_checke_leak stap stap2 stap3 stap_out stap_out2 stap_out3
    stap_out_like stap_out_unlike curl_error curl_options quic_max_idle_timeout
    suppress_stderr log_stream_response ignore_stream_response description
]]

--- Sections that cannot be run; the value is the reason.
M.unsupported = {
    tcp_listen = "mock TCP servers are not there",
    udp_listen = "mock UDP servers are not there",
    dgram_server_config = "datagram servers cannot be driven",
    dgram_request = "datagram servers cannot be driven",
    http2 = "HTTP/2 requests cannot be sent; use exec with a client of your own",
    http3 = "HTTP/3 requests cannot be sent",
    curl = "requests by curl are not there; use exec",
    http_upstream = "a section of another preprocessor",
    init_by_lua_block = "a section of another preprocessor",
    reload_fails = "needs the HUP mode",
    request_eval = "an old section; use `request eval`",
    response_body_eval = "an old section; use `response_body eval`",
}

local NAMES = {}
for name in pairs(M.known) do
    NAMES[#NAMES + 1] = name
end

--- Why a block cannot be run, or nil; and the list of names that are not known, with what was meant.
function M.judge(block)
    local reason, unknown = nil, {}
    for _, name in ipairs(block.order) do
        if M.unsupported[name] then
            reason = reason or ("section '" .. name .. "': " .. M.unsupported[name])
        elseif not M.known[name] and not M.ignored[name] and not name:match("^tcp_")
            and not name:match("^udp_") then
            unknown[#unknown + 1] = ("'%s'%s"):format(name, suggest(name, NAMES))
        end
    end
    return reason, unknown
end

return M
