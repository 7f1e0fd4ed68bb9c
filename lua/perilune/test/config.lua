--- Writes the configuration of one block.
--
-- The layout is part of the contract: error messages that tests look for hold line numbers of
-- this file, so what stands before a block's own text must keep its number of lines. They are
-- the same as those of Test::Nginx.
-- @module perilune.test.config

local posix = require "perilune.test.posix"

local M = {}

local INHERITED = {
    "MOCKEAGAIN_VERBOSE", "MOCKEAGAIN", "MOCKEAGAIN_WRITE_TIMEOUT_PATTERN", "LD_PRELOAD",
    "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "DYLD_FORCE_FLAT_NAMESPACE",
}

local TEMP_PATHS = { "client_body", "proxy", "fastcgi", "scgi", "uwsgi" }

local function modules(names)
    local out = {}
    for name in (names or ""):gmatch("%S+") do
        if not name:find("/", 1, true) then
            name = "/usr/lib/nginx/modules/" .. name
        end
        out[#out + 1] = "load_module " .. name .. ";"
    end
    return table.concat(out, " ")
end

local function stream_part(spec)
    if not spec.stream_servers[1] and not spec.stream_config then
        return ""
    end
    local out = { "stream {", spec.stream_config or "" }
    for i, text in ipairs(spec.stream_servers) do
        out[#out + 1] = ("    server {\n        listen %d;\n%s\n    }")
            :format(spec.stream_port + i - 1, text)
    end
    out[#out + 1] = "}\n"
    return table.concat(out, "\n")
end

local function main_part(spec)
    local out = {
        "worker_processes  " .. spec.workers .. ";",
        "daemon off;",
        "master_process " .. (spec.master and "on" or "off") .. ";",
        ("error_log %s %s;"):format(spec.error_log, spec.log_level),
        ("pid       %s/logs/nginx.pid;"):format(spec.prefix),
    }
    for _, name in ipairs(INHERITED) do
        out[#out + 1] = "env " .. name .. ";"
    end
    for _, name in ipairs(spec.env) do
        out[#out + 1] = name:find("%s") and ("env '" .. name .. "';") or ("env " .. name .. ";")
    end
    local main = spec.main_config
    local loads = modules(spec.modules)
    if loads ~= "" then
        main = loads .. " " .. main
    end
    out[#out + 1] = "#"
    out[#out + 1] = "#"
    out[#out + 1] = ""
    out[#out + 1] = main .. stream_part(spec)
    out[#out + 1] = ""
    return table.concat(out, "\n")
end

local function http_head(spec)
    local paths = {}
    for _, name in ipairs(TEMP_PATHS) do
        local directive = name .. "_temp_path"
        if not spec.http_config:find(directive, 1, true) then
            paths[#paths + 1] = ("%s %s/%s_temp;"):format(directive, spec.prefix, name)
        end
    end
    return table.concat({
        "http {",
        ("    access_log %s/logs/access.log; %s"):format(spec.prefix, table.concat(paths, " ")),
        "    #",
        "",
        "    default_type text/plain;",
        "    keepalive_timeout  68000ms;",
        "",
        spec.http_config,
    }, "\n")
end

local function server_part(spec)
    local out = {
        "    server {",
        ("        listen          %d;"):format(spec.port),
        "        #",
        ("        server_name     '%s';"):format((spec.server_name:gsub("[\\']", "\\%0"))),
        "        ",
        "        client_max_body_size 30M;",
        "        #",
        "",
        "        # config of the block",
        "",
        "",
        "",
        "        #",
        spec.config,
        "        # end of the block's config",
        "",
    }
    if not spec.no_root_location then
        out[#out + 1] = "        location / {"
        out[#out + 1] = "            root " .. spec.html .. ";"
        out[#out + 1] = "            index index.html index.htm;"
        out[#out + 1] = "        }"
    end
    out[#out + 1] = "    }"
    out[#out + 1] = "}"
    return table.concat(out, "\n")
end

--- Builds the text of the configuration.
-- @tparam table spec prefix, html, port, config, http_config, main_config, post_main_config,
--   stream_config, stream_servers, stream_port, log_level, error_log, master, workers,
--   worker_connections, server_name, env, modules, event_type, no_root_location
function M.text(spec)
    local use = spec.event_type and ("    use " .. spec.event_type .. ";") or ""
    local out = {
        main_part(spec),
        http_head(spec),
        server_part(spec),
        spec.post_main_config,
        "events {",
        "    accept_mutex off;",
        ("    worker_connections  %d;"):format(spec.worker_connections),
        use,
        "}",
        "env ASAN_OPTIONS;",
        posix.is_root() and "user root;" or "",
        "",
    }
    return table.concat(out, "\n")
end

return M
