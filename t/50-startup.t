# What a server loads before the first request: what few use is loaded by those who do.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: sockets, subrequests, streams and JSON wait until they are asked for
--- http_config
    init_worker_by_lua_block {
        at_start = {}
        for _, name in ipairs { "ngx.api.tcp", "ngx.api.capture", "perilune.stream", "perilune.json", "cjson.safe" } do
            at_start[#at_start + 1] = package.loaded[name] and name or nil
        end
    }
--- config
    location / { content_by_lua_block {
        ngx.say("at start: ", #at_start == 0 and "none" or table.concat(at_start, " "))
        ngx.say(type(ngx.socket.tcp), " ", type(ngx.socket.connect), " ", type(ngx.socket.nothing))
        ngx.say(type(ngx.location.capture_multi), " ", type(ngx.req.socket))
        ngx.socket.tcp()
        ngx.say(package.loaded["ngx.api.tcp"] ~= nil, " ", package.loaded["ngx.api.capture"] ~= nil)
    } }
--- request
GET /
--- response_body
at start: none
function function nil
function function
true false



=== TEST 2: a native handler needs them only for what it does
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
--- user_files
>>> app.lua
local function loaded()
    return tostring(package.loaded["perilune.stream"] ~= nil)
end
return function(req)
    if req.path == "/iterator" then
        local n = 0
        return { body = function()
            n = n + 1
            return n < 4 and n .. loaded() .. " " or nil
        end }
    elseif req.path == "/echo" then
        return { body = req.body }
    end
    return loaded()
end
--- config
    location / { handler app; }
--- pipelined_requests eval
["GET /iterator", "GET /", "POST /echo\nagain", "GET /"]
--- response_body eval
["1false 2false 3false ", "false", "again", "true"]
