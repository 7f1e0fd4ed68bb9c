# Small answers: stub_status and $connections_*, empty_gif.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: connections by what they do
--- config
    location /status { stub_status; }
    location /variables { return 200 "$connections_active $connections_reading $connections_writing $connections_waiting\n"; }
    location / {
        content_by_lua_block {
            local function open(text)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send(text)
                return sock
            end
            local idle = open("GET /variables HTTP/1.1\r\nHost: a\r\n\r\n")
            repeat local line = idle:receive() until line:match("^%d+ %d+ %d+ %d+$")
            local reading = open("GET /va")
            ngx.sleep(0.01)
            local all
            repeat
                all = ngx.location.capture("/status").body
            until all:find("Reading: 1 Writing: 1 Waiting: 1", 1, true)
            ngx.print((all:gsub("%d+ %d+ %d+", function(s)
                local a, h, r = s:match("(%d+) (%d+) (%d+)")
                return (a == h and tonumber(r) >= 2) and "A A R" or s
            end)))
            ngx.print(ngx.location.capture("/variables").body)
            ngx.say(ngx.location.capture("/status", { method = ngx.HTTP_POST }).status)
            idle:close()
            reading:close()
        }
    }
--- request
GET /
--- response_body eval
"Active connections: 3 \nserver accepts handled requests\n A A R \nReading: 1 Writing: 1 Waiting: 1 \n3 1 1 1\n405\n"

=== TEST 2: of all workers; the totals outlive a worker, its connections do not, and a reload
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'worker_processes 2;' 'location /status { stub_status; } location /hold { content_by_lua_block { ngx.say(ngx.worker.pid()); ngx.flush(true); ngx.sleep(600) } }'
$B
requests() { get /status | sed -n '3s/.* \([0-9]*\) $/\1/p'; }
for i in $(seq 20); do get /status >/dev/null; done
curl -sN --max-time 60 "http://127.0.0.1:$PORT/hold" >held &
H=$!
wait_for '[ -s held ]'
wait_for 'get /status | grep -q "^Active connections: 2 "'
kill -9 "$(cat held)"
wait "$H"
wait_for 'get /status | grep -q "^Active connections: 1 "'
wait_for '[ "$(workers | wc -l)" = 2 ]'
[ "$(requests)" -gt 20 ] && echo kept
reload
[ "$(requests)" -gt 20 ] && echo still
quit TERM
--- exec_out
kept
still

=== TEST 3: a picture
--- config
    location / { empty_gif; }
--- request eval
["GET /a.gif", "HEAD /a.gif", "POST /a.gif", "GET /"]
--- more_headers eval
["", "", "", "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT"]
--- error_code eval
[200, 200, 405, 304]
--- response_headers eval
["Content-Type: image/gif\nContent-Length: 43\nLast-Modified: Mon, 28 Sep 1970 06:00:00 GMT", "Content-Length: 43", "Content-Type: text/html", "Last-Modified: Mon, 28 Sep 1970 06:00:00 GMT"]

=== TEST 4: the counters under nginx's names, for libraries that read them by FFI: one process, and workers
--- http_config
    init_by_lua_block {
        require("ffi").cdef "extern uint64_t *ngx_stat_accepted, *ngx_stat_handled, *ngx_stat_requests, *ngx_stat_active, *ngx_stat_reading, *ngx_stat_writing, *ngx_stat_waiting;"
        function counted()
            local C = require("ffi").C
            local text = ""
            for _, name in ipairs { "accepted", "handled", "requests", "active", "reading", "writing", "waiting" } do
                text = text .. tonumber(C["ngx_stat_" .. name][0]) .. " "
            end
            return text .. "\n"
        end
    }
--- config
    location / { content_by_lua_block { ngx.print(counted()) } }
--- exec
curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/" "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/"
. t/lib/process.sh
conf 'worker_processes 2;' 'location / { content_by_lua_block {
    local C = require("ffi").C
    ngx.say(tonumber(C.ngx_stat_accepted[0]), " ", tonumber(C.ngx_stat_requests[0]), " ", tonumber(C.ngx_stat_active[0]))
} }' 'init_by_lua_block { require("ffi").cdef "extern uint64_t *ngx_stat_accepted, *ngx_stat_requests, *ngx_stat_active;" }'
$B
for i in 1 2 3 4; do get /; done | cut -d ' ' -f 1,2
quit TERM
--- exec_out
1 1 1 1 0 1 0 
1 1 2 1 0 1 0 
1 1
2 2
3 3
4 4
