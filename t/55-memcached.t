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
    location @none { return 200 "none\n"; }
    location = /t {
        content_by_lua_block {
            local function ask(uri, options)
                local r = ngx.location.capture(uri, options)
                ngx.say(uri:gsub("^/memc%?", ""), ": ", r.status, " ", (r.body:gsub("\r\n$", "")))
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
cmd=incr&key=k&value=2: 200 152
cmd=decr&key=k&value=100: 200 52
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
    location = /slow { memc_read_timeout 50ms; memc_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location = /nonsense { memc_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    location = /short { memc_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_3; }
    location = /t {
        content_by_lua_block {
            for _, path in ipairs { "/gone", "/slow", "/nonsense", "/short" } do
                local r = ngx.location.capture(path)
                ngx.say(path, " ", r.status, " ", r.truncated, r.status == 200 and " " .. r.body or "")
            end
        }
    }
--- request
GET /t
--- response_body
/gone 502 false
/slow 504 false
/nonsense 502 false
/short 200 true short
