# memc_pass and memcached_pass against a memcached of our own.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: every command, by variable and by method
--- http_config
    upstream group { server unix:$TEST_NGINX_SERVROOT/memcached.sock; }
--- config
    location = /memc {
        set $memc_cmd $arg_cmd;
        set $memc_key $arg_key;
        set $memc_value $arg_value;
        set $memc_flags $arg_flags;
        set $memc_exptime $arg_exptime;
        memc_pass unix:$TEST_NGINX_SERVROOT/memcached.sock;
        add_header X-Flags $memc_flags always;
    }
    location = /group { set $memc_key k; memc_pass group; }
    location = /few { set $memc_cmd $arg_cmd; memc_cmds_allowed get version; memc_pass group; }
    location = /value { set $memcached_key $arg_key; memcached_pass group; error_page 404 = @none; }
    location = /echoed { echo_read_request_body; echo_subrequest PUT /group; echo_subrequest GET /group; }
    location = /empty { set $memc_key k; set $memc_value ""; set $memc_flags ""; set $memc_exptime ""; memc_pass group;
        echo_after_body -n "$memc_flags$memc_exptime"; }
    location @none { return 200 "none\n"; }
    location = /t {
        content_by_lua_block {
            local function ask(uri, options)
                local r = ngx.location.capture(uri, options)
                ngx.say(uri:gsub("^/memc%?", ""), ": ", r.status, " ", (r.body:gsub("\r\n$", ""):gsub("\r", "")))
            end
            local function memc(args) ask("/memc?" .. args) end
            memc "cmd=flush_all"
            memc "cmd=get&key=k"
            memc "cmd=set&key=k&value=hello&flags=7"
            memc "cmd=get&key=k"
            memc "cmd=add&key=k&value=x"
            memc "cmd=replace&key=k&value=5"
            memc "cmd=append&key=k&value=0"
            memc "cmd=prepend&key=k&value=1"
            memc "cmd=get&key=k"
            memc "cmd=incr&key=k&value=2"
            memc "cmd=decr&key=k&value=100"
            memc "cmd=incr&key=none&value=2"
            memc "cmd=incr&key=k&value=x"
            memc "cmd=delete&key=k"
            memc "cmd=delete&key=k"
            memc "cmd=replace&key=k&value=5"
            memc "cmd=nonsense&key=k"
            memc "cmd=get"
            memc("cmd=get&key=" .. ("k"):rep(251))
            memc "cmd=set&key=k&value=x&exptime=soon"
            ask("/group", { method = ngx.HTTP_PUT, body = ("long"):rep(50000) })
            ngx.say(#ngx.location.capture("/group").body)
            ask("/group", { method = ngx.HTTP_POST, body = "x" })
            ask("/group", { method = ngx.HTTP_DELETE })
            ask("/group", { method = ngx.HTTP_HEAD })
            ask("/group", { method = ngx.HTTP_PUT, body = "" })
            ask("/echoed", { method = ngx.HTTP_POST, body = "of the parent" })
            ask("/empty", { method = ngx.HTTP_PUT, body = "" })
            ask("/value?key=k")
            ask("/value?key=other")
            ask("/value?key=k", { method = ngx.HTTP_POST, body = "x" })
            ask("/few?cmd=flush_all")
            ngx.say(ngx.location.capture("/few?cmd=version").body:match("^VERSION"))
            ngx.say(ngx.location.capture("/memc?cmd=stats").body:match("^STAT.*END\r\n$") ~= nil)
        }
    }
--- exec
. t/lib/services.sh
start_memcached
get /t
--- exec_out
cmd=flush_all: 200 OK
cmd=get&key=k: 404 
cmd=set&key=k&value=hello&flags=7: 201 STORED
cmd=get&key=k: 200 hello
cmd=add&key=k&value=x: 200 NOT_STORED
cmd=replace&key=k&value=5: 201 STORED
cmd=append&key=k&value=0: 201 STORED
cmd=prepend&key=k&value=1: 201 STORED
cmd=get&key=k: 200 150
cmd=incr&key=k&value=2: 201 152
cmd=decr&key=k&value=100: 201 52
cmd=incr&key=none&value=2: 404 
cmd=incr&key=k&value=x: 400 
cmd=delete&key=k: 200 DELETED
cmd=delete&key=k: 404 
cmd=replace&key=k&value=5: 200 NOT_STORED
cmd=nonsense&key=k: 400 
cmd=get: 400 
cmd=get&key=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: 400 
cmd=set&key=k&value=x&exptime=soon: 400 
/group: 201 STORED
200000
/group: 200 NOT_STORED
/group: 200 DELETED
/group: 404 
/group: 201 STORED
/echoed: 200 STORED
of the parent
/empty: 201 STORED
00
/value?key=k: 200 
/value?key=other: 404 
/value?key=k: 405 
/few?cmd=flush_all: 403 
VERSION
true

=== TEST 2: a server that is not there, one that does not answer, one that answers nonsense
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; content_by_lua_block { ngx.sleep(0.5) } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; content_by_lua_block { ngx.print("nonsense\r\n") } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; content_by_lua_block { ngx.print("VALUE k 0 10\r\nshort") } }
--- config
    set $memc_key k;
    location = /gone { memc_pass unix:$TEST_NGINX_SERVROOT/nowhere.sock; }
    location = /slow { memc_read_timeout 50ms; memc_send_timeout 50ms; memc_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location = /nonsense { memc_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    location = /short { memc_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3; }
    location = /t {
        content_by_lua_block {
            for _, path in ipairs { "/gone", "/slow", "/nonsense", "/short" } do
                local r = ngx.location.capture(path)
                ngx.say(path, " ", r.status, " ", r.truncated, r.status == 200 and " " .. r.body or "")
            end
            ngx.say("not taken ", ngx.location.capture("/slow", { method = ngx.HTTP_PUT, body = ("x"):rep(30000000) }).status)
        }
    }
--- request
GET /t
--- response_body
/gone 502 false
/slow 504 false
/nonsense 502 false
/short 200 true short
not taken 504

=== TEST 3: another server of the group is asked, where that is wanted
--- http_config
    upstream dead { server unix:$TEST_NGINX_SERVROOT/none.sock max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 backup; }
    upstream broken { server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 backup; }
    upstream empty { server 127.0.0.1:$TEST_NGINX_RAND_PORT_3; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 backup; }
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; content_by_lua_block {
        local s = assert(ngx.req.socket(true))
        for line in function() return s:receive() end do
            s:send(line:find "^get" and "VALUE k 6 5\r\nvalue\r\nEND\r\n" or "STORED\r\n")
            if not line:find "^get" then s:receive() end
        end } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; content_by_lua_block { ngx.req.socket(true):receive() ngx.print("what?\r\n") } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; content_by_lua_block { ngx.req.socket(true):receive() ngx.print("END\r\n") } }
--- config
    set $memcached_key k;
    set $memc_key k;
    location = /dead { memcached_pass dead; }
    location = /dead-off { memcached_next_upstream off; memcached_pass dead; }
    location = /dead-not { memcached_next_upstream error off; memcached_pass dead; }
    location = /dead-one { memcached_next_upstream_tries 1; memcached_pass dead; }
    location = /dead-set { memc_pass dead; }
    location = /broken { memcached_pass broken; }
    location = /broken-next { memcached_next_upstream invalid_response; memcached_pass broken; }
    location = /broken-set { memc_next_upstream invalid_response; memc_pass broken; }
    location = /empty { memcached_pass empty; }
    location = /empty-next { memcached_next_upstream not_found; memcached_socket_keepalive on; memcached_bind 127.0.0.1; memcached_gzip_flag 2; memcached_pass empty; }
    location = /odd-bind { set $here nowhere; memcached_bind $here; memcached_pass empty; }
    location = /other-flag { memcached_next_upstream not_found; memcached_gzip_flag 8; memcached_pass empty; }
    location = /t {
        content_by_lua_block {
            local function ask(path, method)
                local r = ngx.location.capture(path, { method = method, body = "x" })
                ngx.say(path, " ", r.status, " ", r.body:gsub("%s+$", ""), r.header["Content-Encoding"] or "")
            end
            ask "/dead-off"
            ask "/dead-not"
            ask "/dead"
            ask("/dead-set", ngx.HTTP_PUT)
            ask "/broken"
            ask "/broken-next"
            ask("/broken-set", ngx.HTTP_PUT)
            ask "/empty"
            ask "/empty-next"
            ask "/other-flag"
            ask "/odd-bind"
        }
    }
    location = /u { content_by_lua_block { ngx.say(ngx.location.capture("/dead-one").status) } }
--- pipelined_requests eval
["GET /u", "GET /t"]
--- response_body eval
["502\n", "/dead-off 502 
/dead-not 502 
/dead 200 value
/dead-set 201 STORED
/broken 502 
/broken-next 200 value
/broken-set 502 what?
/empty 404 
/empty-next 200 valuegzip
/other-flag 200 value
/odd-bind 404 
"]
--- error_log
memcached: invalid local address "nowhere"

=== TEST 4: a request whose client has gone gives its server back
--- http_config
    upstream slow { least_conn; server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- stream_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; content_by_lua_block { ngx.req.socket(true):receive("*a") } }
--- config
    location = /slow { lua_check_client_abort on; set $memcached_key k; memcached_read_timeout 1h; memcached_pass slow; }
    location = /t {
        lua_check_client_abort on;
        content_by_lua_block {
            local upstream = require "ngx.upstream"
            local function used() return upstream.get_primary_peers("slow")[1].conns end
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            sock:send "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
            while (used() or 0) == 0 do ngx.sleep(0.01) end
            sock:close()
            while (used() or 0) > 0 do ngx.sleep(0.01) end
            ngx.say "given back"
        }
    }
--- request
GET /t
--- response_body
given back
