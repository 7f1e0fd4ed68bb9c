# access_log: with variables in its path a file for each value, none outside of where the path leads by itself; files that
# cannot be written.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a file for each value
--- http_config
    log_format short '$status $uri';
--- config
    location /logs/ { root $TEST_NGINX_SERVER_ROOT; access_log off; }
    location / { access_log logs/by-$arg_name.log short; return 200 "ok\n"; }
--- request eval
["GET /x?name=a", "GET /y?name=b", "GET /z?name=a", "GET /logs/by-a.log", "GET /logs/by-b.log"]
--- response_body eval
["ok\n", "ok\n", "ok\n", "200 /x\n200 /z\n", "200 /y\n"]

=== TEST 2: a client cannot choose where to write
--- http_config
    log_format short '$status $uri';
--- config
    location /logs/ { root $TEST_NGINX_SERVER_ROOT; access_log off; }
    location / { access_log logs/$arg_name short; return 200 "ok\n"; }
--- request eval
["GET /x?name=../logs/up.log", "GET /logs/up.log"]
--- error_code eval
[200, 404]
--- error_log eval
qr{open\(\) ".*/logs/\.\./logs/up\.log" failed \(1: Operation not permitted\)}

=== TEST 3: no buffer for many files
--- http_config
    log_format short '$status $uri';
--- config
    access_log logs/$host.log short buffer=4k;
--- must_die
--- error_log
buffered logs cannot have variables in name

=== TEST 4: each log that cannot be written is told of, once
--- http_config
    log_format short '$status $uri';
--- config
    location / {
        access_log /dev/full short;
        access_log /dev/./full short buffer=4;
        access_log /dev//full$arg_none short;
        return 200 "ok\n";
    }
--- request eval
["GET /a", "GET /b"]
--- response_body eval
["ok\n", "ok\n"]
--- grep_error_log eval
qr/write\(\) to "\S+" failed .*?\)/
--- grep_error_log_out eval
[qq{write() to "/dev/full" failed (28: No space left on device)
write() to "/dev/./full" failed (28: No space left on device)
write() to "/dev//full" failed (28: No space left on device)
}, ""]

=== TEST 5: to a syslog server
--- http_config
    log_format short '$status $uri';
--- config
    location /t {
        access_log syslog:server=127.0.0.1:$TEST_NGINX_RAND_PORT_1,facility=local1,severity=notice,tag=me,nohostname short;
        return 204;
    }
    location = /listen {
        access_log off;
        content_by_lua_block {
            local http = require "perilune.http"
            local listener = require("perilune.udp").socket { port = $TEST_NGINX_RAND_PORT_1, address = "127.0.0.1" }
            await(http.get("http://127.0.0.1:" .. ngx.var.server_port .. "/t/x"))
            local message = await(listener:take()).message
            ngx.say((message:gsub("^<(%d+)>%a%a%a [ %d]%d %d%d:%d%d:%d%d", "<%1>DATE")))
        }
    }
--- request
GET /listen
--- response_body
<141>DATE me: 204 /t/x

=== TEST 6: what is no syslog server, and a buffer for one
--- config
    location / {
        return 204;
    }
--- exec
try() {
    echo "events {} http { server { access_log $1; } }" >c.conf
    $TEST_NGINX_BINARY -t -p . -c c.conf 2>&1 | sed -n 's/.*\[emerg\] //; s/ in .*//; s/ "syslog.*//; 1p'
}
cd $TEST_NGINX_SERVROOT
try syslog:server=nowhere
try 'syslog:server=127.0.0.1,severity=loud'
try 'syslog:server=127.0.0.1 combined buffer=4k'
--- exec_out
invalid syslog server: an address or unix:/path is expected
unknown syslog severity
logs to syslog cannot be buffered



=== TEST 7: a syslog server that is gone is told once for many lines
--- exec
cd $TEST_NGINX_SERVROOT
p=$TEST_NGINX_SERVROOT
cat >c.conf <<X
daemon off; error_log stderr; events {}
http { server { listen unix:$p/s; access_log syslog:server=unix:$p/log,nohostname; return 204; } }
X
timeout 100 $TEST_NGINX_BINARY -p . -c c.conf 2>err &
for i in $(seq 1200); do curl -s --unix-socket s http://a/ && break; sleep 0.05; done
for i in 1 2 3; do curl -s --unix-socket s http://a/; done
kill $!; wait
grep -c 'send() to "syslog:' err
--- exec_out
1



=== TEST 8: a syslog server may come late, and anew: nothing is lost that is said then
--- exec
cd $TEST_NGINX_SERVROOT
p=$TEST_NGINX_SERVROOT
cat >c.conf <<X
daemon off; error_log stderr; events {}
http {
    server {
        listen unix:$p/s;
        error_log syslog:server=unix:$p/log warn;
        access_log syslog:server=unix:$p/log;
        location / { content_by_lua_block { ngx.log(ngx.WARN, "warned") } }
    }
}
X
timeout 100 $TEST_NGINX_BINARY -p . -c c.conf 2>err &
for i in $(seq 1200); do curl -s --unix-socket s http://a/lost && break; sleep 0.05; done
timeout 100 python3 - <<'X'
import os, socket, subprocess
def get(path):
    subprocess.run(["curl", "-s", "--unix-socket", "s", "http://a" + path], check=True)
for i in range(2):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind("log")
    os.chmod("log", 0o666)  # workers are nobody
    server.settimeout(60)
    path = "/got%d" % i
    get(path)
    lines = []
    while len(lines) < 2:
        line = server.recv(4096).decode()
        if path in line:
            lines.append("error" if "warned" in line else "access")
    print(*sorted(lines))
    server.close()
    os.unlink("log")
    get("/lost")
X
kill $!; wait
--- exec_out
access error
access error

=== TEST 8: a compressed log is read by zcat, however often it was written
--- exec
cd $TEST_NGINX_SERVROOT
p=$TEST_NGINX_SERVROOT
cat >c.conf <<X
daemon off; error_log stderr; events {}
http {
    log_format short '\$status \$uri';
    server {
        listen unix:$p/s;
        access_log $p/few.gz short gzip flush=1h;
        access_log $p/each.gz short buffer=8 gzip=9;
        return 204;
    }
}
X
timeout 100 $TEST_NGINX_BINARY -p . -c c.conf 2>err &
for i in $(seq 1200); do curl -s --unix-socket s http://a/0 && break; sleep 0.05; done
for i in 1 2; do curl -s --unix-socket s http://a/$i-long; done
kill $!; wait
for f in few each; do zcat $f.gz | tail -2; done
--- exec_out
204 /1-long
204 /2-long
204 /1-long
204 /2-long

=== TEST 9: parameters of buffered logs that mean nothing
--- config
    location / {
        return 204;
    }
--- exec
try() {
    echo "events {} http { log_format short 'x'; server { access_log $1; } }" >c.conf
    $TEST_NGINX_BINARY -t -p . -c c.conf 2>&1 | sed -n 's/.*\[emerg\] //; s/ in .*//; 1p'
}
cd $TEST_NGINX_SERVROOT
try 'a short gzip=10'
try 'a short gzip=x'
try 'a short flush=1s'
try 'a short buffer=1k gzip; access_log a short buffer=2k gzip'
try 'a short zip'
--- exec_out
invalid compression level "gzip=10"
invalid compression level "gzip=x"
no buffer is defined for access_log "a"
access_log "a" already defined with conflicting parameters
invalid parameter "zip"

=== TEST 10: log_by_lua runs when the answer has gone out, so one that blocks keeps nobody waiting
--- exec
cd $TEST_NGINX_SERVROOT
p=$TEST_NGINX_SERVROOT
cat >c.conf <<X
daemon off; error_log stderr notice; events {}
http {
    access_log off;
    server {
        listen unix:$p/s;
        location / {
            return 200 "hello";
            log_by_lua_block {
                local n = 0
                while not io.open "$p/read" and n < 1200 do
                    os.execute "sleep 0.05"
                    n = n + 1
                end
                ngx.log(ngx.NOTICE, n < 1200 and "in time" or "too late")
            }
        }
        location = /up { return 204; }
    }
}
X
timeout 100 $TEST_NGINX_BINARY -p . -c c.conf 2>err &
for i in $(seq 1200); do curl -s --unix-socket s http://a/up && break; sleep 0.05; done
curl -s --unix-socket s http://a/ && : >read
curl -s --unix-socket s http://a/ http://a/x http://a/y
kill $!; wait
grep -o 'in time\|too late' err
--- exec_out
hellohellohellohelloin time
in time
in time
in time

=== TEST 11: the same with HTTP/2: little and much, at once and later
--- exec
cd $TEST_NGINX_SERVROOT
p=$TEST_NGINX_SERVROOT
cat >c.conf <<X
daemon off; error_log stderr notice; events {}
http {
    access_log off;
    server {
        listen unix:$p/s;
        http2 on;
        location / {
            content_by_lua_block {
                if ngx.var.arg_slow then ngx.sleep(0.05) end
                ngx.print(("hello "):rep(tonumber(ngx.var.arg_n) or 1))
            }
            log_by_lua_block {
                local n = 0
                while not io.open("$p/read" .. ngx.var.uri) and n < 1200 do
                    os.execute "sleep 0.05"
                    n = n + 1
                end
                ngx.log(ngx.NOTICE, n < 1200 and "in time" or "too late", " ", ngx.var.bytes_sent > "0")
            }
        }
        location = /up { return 204; }
    }
}
X
timeout 100 $TEST_NGINX_BINARY -p . -c c.conf 2>err &
for i in $(seq 1200); do curl -s --unix-socket s http://a/up && break; sleep 0.05; done
get() { curl -s --http2-prior-knowledge --unix-socket s "$@"; }
mkdir read
for u in 1 '2?slow=1' '3?n=100000' '4?n=100000&slow=1'; do
    get "http://a/$u" >body && : >read/${u%%\?*}
    wc -c <body
done
get -I http://a/5 >/dev/null && : >read/5
kill $!; wait
grep -o 'in time true\|too late' err
--- exec_out
6
6
600000
600000
in time true
in time true
in time true
in time true
in time true
