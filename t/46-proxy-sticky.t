# sticky: clients that stay with a server of a group. The servers are locations on ports of this server.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Servers = <<'_EOC_';
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; location / { add_header Set-Cookie "sid=$arg_sid"; add_header X-Sid $arg_sid; echo a; } location /busy { return 503; } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2; location / { add_header Set-Cookie "sid=$arg_sid"; add_header X-Sid $arg_sid; echo b; } location /busy { echo fine; } }
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3; location / { echo c; } }
_EOC_
our $Both = 'server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 route=r1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 route=r2;';

run_tests();

__DATA__

=== TEST 1: cookie: the client is told its server, and stays there
--- http_config eval
$::Servers . "upstream u { $::Both sticky cookie srv; }"
--- config
    location / { proxy_pass http://u; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for i in 1 2; do curl -s -D - $U/ | tr -d '\r' | grep '^Set-Cookie: srv\|^.$'; done
for i in 1 2 3; do curl -s -H 'Cookie: x=y; srv=r2' $U/; done
curl -s -D - -o /dev/null -H 'Cookie: srv=r2' $U/ | tr -d '\r' | grep '^Set-Cookie: srv'
curl -s -D - -o /dev/null -H 'Cookie: srv=gone' $U/ | tr -d '\r' | grep -c '^Set-Cookie: srv=r[12]$'
--- exec_out
Set-Cookie: srv=r1
a
Set-Cookie: srv=r2
b
b
b
b
Set-Cookie: srv=r2
1



=== TEST 2: the id of a server without a route is the MD5 of its address
--- http_config
    server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; location / { echo a; } }
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; sticky cookie srv; }
--- config
    location / { proxy_pass http://u; }
--- exec
id=$(curl -s -D - -o /dev/null http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ | tr -d '\r' | sed -n 's/^Set-Cookie: srv=//p')
[ "$id" = "$(printf 127.0.0.1:$TEST_NGINX_RAND_PORT_1 | md5sum | cut -d' ' -f1)" ] && echo same
--- exec_out
same



=== TEST 3: the parts of a cookie
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_3 route=c; sticky cookie srv expires=1h domain=.$arg_d httponly secure samesite=$arg_s path=/p; }
    upstream m { server 127.0.0.1:$TEST_NGINX_RAND_PORT_3 route=c; sticky cookie srv expires=max samesite=None; }
_EOC_
--- config
    location / { proxy_pass http://u; }
    location /m { proxy_pass http://m; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for q in '/?d=a.b&s=Lax' '/?d=a.b&s=odd' '/m'; do
    curl -s -D - -o /dev/null "$U$q" | tr -d '\r' | sed -n 's/expires=[A-Z].. *[^;]*GMT/expires=DATE/; s/^Set-Cookie: //p'
done
--- exec_out
srv=c; expires=DATE; max-age=3600; domain=.a.b; httponly; secure; samesite=Lax; path=/p
srv=c; expires=DATE; max-age=3600; domain=.a.b; httponly; secure; samesite=strict; path=/p
srv=c; expires=DATE; max-age=315360000; samesite=None



=== TEST 4: route: the first variable that is not empty; no cookie is added to the one of the server
--- http_config eval
$::Servers . "upstream u { $::Both sticky route \$cookie_route \$arg_route; }"
--- config
    location / { proxy_pass http://u; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for i in 1 2 3; do curl -s "$U/?route=r2"; done
for i in 1 2 3; do curl -s -H 'Cookie: route=r1' "$U/?route=r2"; done
curl -s -D - -o /dev/null "$U/?route=r2" | grep -ci '^Set-Cookie' || true
--- exec_out
b
b
b
a
a
a
1



=== TEST 5: learn: a session of an answer, asked for by a cookie
--- http_config eval
$::Servers . "upstream u { $::Both sticky learn create=\$upstream_cookie_sid lookup=\$cookie_sid lookup=\$arg_session zone=s:64k timeout=1h; }
    upstream brief { $::Both sticky learn create=\$upstream_cookie_sid lookup=\$cookie_sid zone=b:64k timeout=1s; }"
--- config
    location / { proxy_pass http://u; }
    location /brief/ { proxy_pass http://brief/; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s "$U/?sid=one"; curl -s "$U/?sid=two"
for i in 1 2 3; do curl -s -H 'Cookie: sid=two' $U/; done
for i in 1 2 3; do curl -s $U/?session=one; done
curl -s "$U/brief/?sid=one" "$U/brief/?sid=two" >/dev/null; sleep 2.5
for i in 1 2; do curl -s -H 'Cookie: sid=two' $U/brief/; done | sort
--- exec_out
a
b
b
b
b
a
a
a
a
b



=== TEST 6: learn … header: before the answer ends
--- http_config eval
$::Servers . <<'_EOC_';
    lua_shared_dict go 64k;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_4; lua_http10_buffering off;
        location / { content_by_lua_block {
            ngx.header.X_Sid = ngx.var.arg_sid
            ngx.say("begun") ngx.flush(true)
            while not ngx.shared.go:get("on") do ngx.sleep(0.02) end
            ngx.say("end")
        } }
        location = /go { content_by_lua_block { ngx.shared.go:set("on", true) } }
    }
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_4; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; sticky learn create=$upstream_http_x_sid lookup=$arg_s zone=s:64k header; }
    upstream late { server 127.0.0.1:$TEST_NGINX_RAND_PORT_4; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; sticky learn create=$upstream_http_x_sid lookup=$arg_s zone=l:64k; }
_EOC_
--- config
    add_header X-Addr $upstream_addr;
    location / { proxy_pass http://u; proxy_buffering off; }
    location /late { proxy_pass http://late; proxy_buffering off; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
cd $TEST_NGINX_SERVER_ROOT
curl -sN "$U/?sid=x" > one & curl -sN "$U/late?sid=x" > two &
for i in $(seq 1200); do grep -q begun one && grep -q begun two && break; sleep 0.1; done
curl -sI -m 100 "$U/?s=x" | grep -c "X-Addr: 127.0.0.1:$TEST_NGINX_RAND_PORT_4"
curl -sI -m 100 "$U/late?s=x" | grep -c "X-Addr: 127.0.0.1:$TEST_NGINX_RAND_PORT_2"
curl -s -o /dev/null http://127.0.0.1:$TEST_NGINX_RAND_PORT_4/go
wait
--- exec_out
1
1



=== TEST 7: a server that fails or is down is left, the client is told the next one
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:1 route=r1 max_fails=0; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 route=r2; sticky cookie srv; }
    upstream d { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 route=r1 down; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 route=r2; sticky cookie srv; }
    upstream busy { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 route=r1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 route=r2; sticky cookie srv; }
_EOC_
--- config
    location / { proxy_pass http://u; }
    location /d { proxy_pass http://d; }
    location /busy { proxy_next_upstream http_503; proxy_pass http://busy; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for p in / /d /busy; do curl -s -D - -H 'Cookie: srv=r1' $U$p | tr -d '\r' | grep '^Set-Cookie: srv\|^.$\|fine'; done
--- exec_out
Set-Cookie: srv=r2
b
Set-Cookie: srv=r2
b
Set-Cookie: srv=r2
fine
--- error_log
Connection refused



=== TEST 8: drain: only those who are bound to it come
--- http_config eval
$::Servers . <<'_EOC_';
    upstream u { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1 route=r1 drain; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2 route=r2; sticky route $arg_r; }
_EOC_
--- config
    location / { proxy_pass http://u; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for i in 1 2 3; do curl -s $U/; done; for i in 1 2; do curl -s $U/?r=r1; done
--- exec_out
b
b
b
a
a



=== TEST 9: those that are bound count as turns
--- http_config eval
$::Servers . "upstream u { $::Both sticky route \$arg_r; }"
--- config
    location / { proxy_pass http://u; }
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for q in r=r1 '' r=r1 '' ''; do curl -s "$U/?$q"; done | tr -d '\n'; echo
--- exec_out
ababa



=== TEST 10: all workers know of the same sessions, over a reload
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
cat >conf/perilune.conf <<X
worker_processes 3; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off;
    upstream u { server unix:$D/a; server unix:$D/b; sticky learn create=\$upstream_http_x_sid lookup=\$arg_s zone=s:64k; }
    server { listen 127.0.0.1:$PORT; location / { proxy_pass http://u; } }
    server { listen unix:$D/a; location / { add_header X-Sid \$arg_new; return 200 a; } }
    server { listen unix:$D/b; location / { add_header X-Sid \$arg_new; return 200 b; } }
}
X
ask() { curl -s "http://127.0.0.1:$PORT/?$1"; }
$B || exit 1
first=$(ask new=x)
for i in 1 2 3 4 5 6 7 8 9; do [ "$(ask s=x)" = $first ] || echo lost; done
reload
for i in 1 2 3 4 5 6 7 8 9; do [ "$(ask s=x)" = $first ] || echo lost after a reload; done
kill $(master)
echo over
--- exec_out
over



=== TEST 11: what cannot be meant is told
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
t() {
    echo "events {} http { upstream u { server 127.0.0.1:1$1 } server { location / { proxy_pass http://u; } } }" >conf/perilune.conf
    $B -t 2>&1 | sed -n 's/ in \/.*//; s/.*emerg\] //p' | head -1
}
t '; sticky cookie "";'
t '; sticky cookie a b;'
t '; sticky cookie a samesite=odd;'
t '; sticky cookie a expires=x;'
t '; sticky cookie a path=;'
t '; sticky cookie a secure secure;'
t '; sticky route a;'
t '; sticky odd a;'
t '; sticky learn create=$arg_a zone=s:1m;'
t '; sticky learn lookup=$arg_a zone=s:1m;'
t '; sticky learn create=$arg_a lookup=$arg_b;'
t '; sticky learn create=$arg_a lookup=$arg_b zone=s;'
t '; sticky learn create=$arg_a lookup=$arg_b zone=s:1k;'
t '; sticky learn create=$arg_a lookup=$arg_b zone=s:1m timeout=0;'
t '; sticky route $arg_a; sticky route $arg_b;'
t '; sticky route $odd;'
t ' route=;'
t ' route=123456789012345678901234567890123;'
--- exec_out
empty cookie name
unknown parameter "b"
invalid "samesite" parameter value
invalid "expires" parameter value
no value for "path"
parameter "secure" is duplicate
invalid variable name "a"
unknown parameter "odd"
"lookup" parameter is not specified
"create" parameter is not specified
"zone" parameter is not specified
zone size is not specified
zone is too small
invalid timeout
"sticky" directive is duplicate
unknown "odd" variable
route is empty
route is longer than 32
