# ngx.errlog: the newest lines of the error log, levels, lines as they are.
use Test::Nginx::Socket 'no_plan';

log_level('info');
no_root_location();
run_tests();

__DATA__

=== TEST 1: lines are taken from the oldest on, with level, time and text; the filter drops what is below
--- http_config
    lua_capture_error_log 4k;
--- config
    location = /t {
        content_by_lua_block {
            local errlog = require "ngx.errlog"
            errlog.get_logs(100)
            ngx.log(ngx.ERR, "one")
            ngx.log(ngx.INFO, "two")
            assert(errlog.set_filter_level(ngx.WARN))
            ngx.log(ngx.NOTICE, "dropped")
            ngx.log(ngx.WARN, "three")
            local logs = errlog.get_logs(2)
            ngx.say(#logs, " ", logs[1] == ngx.ERR, " ", logs[4] == ngx.INFO, " ", math.abs(logs[2] - ngx.now()) < 60)
            ngx.say((logs[3]:gsub("%d", "0")))
            logs = errlog.get_logs(10, { 1, 2, 3, 4, 5 })
            ngx.say(logs[1] == ngx.WARN, " ", logs[3]:match("three"), " ", logs[4] == nil)
            ngx.say(#errlog.get_logs())
        }
    }
--- request
GET /t
--- response_body_like
^6 true true true
0000/00/00 00:00:00 \[error\] 0+#0+: \*0 \[lua\] content_by_lua\(nginx.conf:00\):0: one, client: .*
true three true
0$



=== TEST 2: what is older than there is room for is gone; a line that is longer is not kept
--- http_config
    lua_capture_error_log 4k;
--- config
    location = /t {
        content_by_lua_block {
            local errlog = require "ngx.errlog"
            for i = 1, 300 do
                ngx.log(ngx.WARN, "-->", i)
            end
            ngx.log(ngx.WARN, ("x"):rep(5000))
            local logs = errlog.get_logs(1000)
            local first = tonumber(logs[3]:match("-->(%d+)"))
            local bytes = 0
            for i = 1, #logs, 3 do
                assert(tonumber(logs[i + 2]:match("-->(%d+)")) == first + (i - 1) / 3)
                bytes = bytes + #logs[i + 2] + 16
            end
            ngx.say(logs[#logs]:match("-->300"), " ", bytes <= 4096 and bytes > 3700)
        }
    }
--- request
GET /t
--- response_body
-->300 true



=== TEST 3: the level of error_log here; a line as it is; misuse
--- config
    location = /t {
        error_log logs/error.log warn;
        content_by_lua_block {
            local errlog = require "ngx.errlog"
            ngx.say(errlog.get_sys_filter_level() == ngx.WARN)
            errlog.raw_log(ngx.WARN, "a line of my own")
            errlog.raw_log(ngx.INFO, "not written")
            ngx.say((select(2, pcall(errlog.raw_log, 9, "x"))))
            ngx.say((select(2, pcall(errlog.raw_log, "9", "x"))))
            ngx.say((select(2, pcall(errlog.raw_log, 4, {}))))
            ngx.say(errlog.get_logs())
            ngx.say(errlog.set_filter_level(ngx.ERR))
            ngx.say(errlog.set_filter_level())
        }
    }
--- request
GET /t
--- response_body
true
bad log level
bad argument #1 to 'raw_log' (must be a number)
bad argument #2 to 'raw_log' (must be a string)
nildirective "lua_capture_error_log" is not set
nildirective "lua_capture_error_log" is not set
nilmissing "level" argument
--- error_log eval
qr/\[warn\] \d+#\d+: \*\d+ a line of my own, client/
--- no_error_log
not written



=== TEST 4: less than 4k is too little
--- http_config
    lua_capture_error_log 3k;
--- config
    location = /t { return 204; }
--- must_die
--- error_log
invalid capture error log size "3k", minimum size is 4096



=== TEST 5: error_log to a syslog server: one datagram a line, with priority, date and tag before it
--- config
    location = /t {
        error_log syslog:server=127.0.0.1:$TEST_NGINX_RAND_PORT_1,facility=local1,tag=me,nohostname info;
        content_by_lua_block { ngx.log(ngx.WARN, "to the server") }
    }
    location = /listen {
        content_by_lua_block {
            local listener = require("perilune.udp").socket { port = $TEST_NGINX_RAND_PORT_1, address = "127.0.0.1" }
            ngx.location.capture("/t")
            local message = await(listener:take())
            ngx.say((message.message:gsub("%d", "0"):gsub("^<000>%a%a%a [ 0]0", "<000>Nov 00")))
        }
    }
--- request
GET /listen
--- response_body_like
^<000>Nov 00 00:00:00 me: 0000/00/00 00:00:00 \[warn\] 0+#0+: \*0 \[lua\] content_by_lua\(nginx.conf:00\):0: to the server, client.*



=== TEST 6: what is no syslog server is refused
--- config
    location = /t { error_log syslog:server=localhost; return 204; }
--- must_die
--- error_log
invalid syslog server



=== TEST 7: lines of the start are not among those that are kept
--- http_config
    lua_capture_error_log 32k;
    init_by_lua_block { print("from init") }
--- config
    location = /t {
        content_by_lua_block {
            local logs = require("ngx.errlog").get_logs(1)
            ngx.say(logs[3]:match("from init"))
        }
    }
--- request
GET /t
--- response_body
from init



=== TEST 8: raw_log under its C names
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            ffi.cdef [[
                int ngx_http_lua_ffi_raw_log(void *r, int level, const unsigned char *s, size_t n);
                int ngx_stream_lua_ffi_raw_log(void *r, int level, const unsigned char *s, size_t n);
            ]]
            local r = require("resty.core.base").get_request()
            ngx.say(ffi.C.ngx_http_lua_ffi_raw_log(r, ngx.WARN, "by http's name, cut", 14), " ",
                    ffi.C.ngx_stream_lua_ffi_raw_log(nil, ngx.ERR, "by stream's name", 16), " ",
                    ffi.C.ngx_http_lua_ffi_raw_log(r, 9, "no level", 8))
        }
    }
--- request
GET /t
--- response_body
0 0 -1
--- error_log eval
[qr/\[warn\] \S+ \S+ by http's name,/, qr/\[error\] \S+ \S+ by stream's name/]
--- no_error_log
no level
name, cut



=== TEST 9: a syslog server that is not there is told in the other log, not for each line
--- config
    location = /t {
        error_log syslog:server=127.0.0.1:$TEST_NGINX_RAND_PORT_1 info;
        content_by_lua_block {
            for i = 1, 100 do
                ngx.log(ngx.WARN, "lost")
            end
            ngx.say("done")
        }
    }
    location = /count {
        content_by_lua_block {
            local function lose_some(times)
                for _ = 1, times do
                    ngx.location.capture("/t")
                    ngx.sleep(0.06)
                end
                local f = io.open(ngx.config.prefix() .. "logs/error.log")
                local _, n = f:read("*a"):gsub("send%(%) failed", "")
                f:close()
                ngx.say(n)
            end
            lose_some(1)
            lose_some(1)
            lose_some(22)
        }
    }
--- request
GET /count
--- response_body
1
2
20
--- error_log
[error]
send() failed (111: Connection refused) to the syslog server of an error_log
