# Words of directives: which are taken, which are refused and what is said of them.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

our $Begin = <<'_EOC_';
cd $TEST_NGINX_SERVROOT
# What -t says of a line in http, server, location, stream.
look() {
    echo "$1: $2" | cut -c1-100
    outer=http
    case $1 in
        http) text="$2" ;;
        stream) outer=stream text="$2" ;;
        server) text="server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; $2 }" ;;
        location) text="server { listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1; location / { $2 } }" ;;
    esac
    echo "events {} $outer { $text }" >c.conf
    $TEST_NGINX_BINARY -t -p . -c c.conf 2>&1 | sed -n 's/.*\(\[emerg\]\|\[warn\]\)/  \1/p' | sed 's/ in [^ ]*c.conf:1//; s/ [0-9]*#[0-9]*: / /'
}
_EOC_

__DATA__

=== TEST 1: what means nothing is refused
--- config
    location / { return 204; }
--- exec eval
$::Begin . <<'X'
look http "keepalive_disable msie6 safari;"
look http "keepalive_disable zz;"
look http "open_file_cache max=10 inactive=20s;"
look http "open_file_cache off;"
look http "open_file_cache zz;"
look http "open_file_cache inactive=20s;"
look http "open_file_cache max=10 valid=1m;"
look http "open_log_file_cache max=10 valid=1m min_uses=2;"
look http "open_log_file_cache max=0;"
look http "proxy_bind zz;"
look http 'proxy_bind $arg_x;'
look http "proxy_bind 127.0.0.1 transparent;"
look http "proxy_cookie_flags zz;"
look http "proxy_cookie_flags zz secure;"
look http "upstream u { zone z; server 127.0.0.1; }"
look http "upstream u { zone z; server 127.0.0.1; } upstream v { zone z 64k; server 127.0.0.1; }"
X
--- exec_out
http: keepalive_disable msie6 safari;
http: keepalive_disable zz;
  [emerg] invalid value "zz"; "keepalive_disable" takes none, msie6, safari
http: open_file_cache max=10 inactive=20s;
http: open_file_cache off;
http: open_file_cache zz;
  [emerg] invalid parameter "zz"; syntax: open_file_cache off; | max=N [inactive=time];
http: open_file_cache inactive=20s;
  [emerg] "open_file_cache" must have the "max" parameter
http: open_file_cache max=10 valid=1m;
  [emerg] invalid parameter "valid=1m"; syntax: open_file_cache off; | max=N [inactive=time];
http: open_log_file_cache max=10 valid=1m min_uses=2;
http: open_log_file_cache max=0;
  [emerg] invalid parameter "max=0"; syntax: open_log_file_cache off; | max=N [inactive=time] [min_uses=N] [valid=time];
http: proxy_bind zz;
  [emerg] invalid address "zz"
http: proxy_bind $arg_x;
http: proxy_bind 127.0.0.1 transparent;
http: proxy_cookie_flags zz;
  [emerg] invalid parameter "zz"; syntax: proxy_cookie_flags off | cookie [flag …];
http: proxy_cookie_flags zz secure;
http: upstream u { zone z; server 127.0.0.1; }
  [emerg] zero size shared memory zone "z"
http: upstream u { zone z; server 127.0.0.1; } upstream v { zone z 64k; server 127.0.0.1; }

=== TEST 2: what is obsolete is taken, what is absent is explained
--- config
    location / { return 204; }
--- exec eval
$::Begin . <<'X'
look server "http2_idle_timeout zz;"
look server "http2_max_requests 10;"
look http "geoip_country GeoIP.dat;"
look server "http3 on;"
look location "image_filter resize 10 10;"
look location "mp4;"
look location "mp4x;"
look location "redis2_pass a;"
look location "srcache_fetch GET /a;"
look server "ssl on;"
look location "dav_ext_methods LOCK;"
look stream "proxy_ssl_verify on;"
look stream "grpc_ssl_verify on;"
X
--- exec_out
server: http2_idle_timeout zz;
  [warn] the "http2_idle_timeout" directive is obsolete, use the "keepalive_timeout" directive instead
server: http2_max_requests 10;
  [warn] the "http2_max_requests" directive is obsolete, use the "keepalive_requests" directive instead
http: geoip_country GeoIP.dat;
  [emerg] unknown directive "geoip_country"; there is no GeoIP module: list the networks with "geo", or read the database in Lua
server: http3 on;
  [emerg] unknown directive "http3"; there is no HTTP/3: clients use HTTP/2, see "http2"
location: image_filter resize 10 10;
  [emerg] unknown directive "image_filter"; there is no image module: pass the request to a service that scales images
location: mp4;
  [emerg] unknown directive "mp4"; there is no module for pseudo-streaming: files are sent with ranges, which players ask for
location: mp4x;
  [emerg] unknown directive "mp4x"
location: redis2_pass a;
  [emerg] unknown directive "redis2_pass"; there is no such module: ask Redis in Lua, with "perilune.redis" or lua-resty-redis
location: srcache_fetch GET /a;
  [emerg] unknown directive "srcache_fetch"; there is no such module: see "proxy_cache", or keep pages in "ngx.shared"
server: ssl on;
  [emerg] unknown directive "ssl"; TLS is a parameter of "listen", as in "listen 443 ssl"
location: dav_ext_methods LOCK;
  [emerg] unknown directive "dav_ext_methods"; PROPFIND and LOCK are not answered: see "dav_methods" for what is
stream: proxy_ssl_verify on;
stream: grpc_ssl_verify on;
  [emerg] "grpc_ssl_verify" directive is not allowed here; it belongs in http, server, location

=== TEST 3: stub_status in a server, access_log in limit_except
--- http_config
    log_format short 'SHORT $request_method $uri';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        stub_status;
        location /x { return 200 "x\n"; }
    }
--- config
    location / {
        access_log off;
        limit_except GET { access_log logs/access.log short; }
        set $x 1;
    }
--- exec
curl -s http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/ | head -n 1
curl -s http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/x
curl -so /dev/null -w '%{http_code}\n' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/get
curl -so /dev/null -w '%{http_code}\n' -d a=b http://127.0.0.1:$TEST_NGINX_SERVER_PORT/post
--- exec_out
Active connections: 1 
x
404
404
--- access_log
SHORT POST /post
--- no_access_log
/get

=== TEST 4: listen on each port of a range
--- config
    location / { return 204; }
--- exec
cd $TEST_NGINX_SERVROOT
p=$TEST_NGINX_RAND_PORT_1
for range in 127.9.8.7:$p-$((p + 1)) $((p + 1))-$p 127.9.8.7:$p-70000; do
    echo "daemon off; events {} http { server { listen $range; return 200 \$server_port\\n; } }" >c.conf
    timeout 100 $TEST_NGINX_BINARY -p . -c c.conf 2>err &
    for i in $(seq 1200); do
        [ -s err ] && break
        curl -s http://127.9.8.7:$p/ | grep -q $p && break
        sleep 0.05
    done
    if [ -s err ]; then
        sed 's/.*\[emerg\] //; s/[0-9][0-9]*-[0-9]*/RANGE/g; s/ in .*//' err
    else
        for q in $p $((p + 1)) $((p + 2)); do
            curl -s http://127.9.8.7:$q/ >out && echo $(($(cat out) - p)) || echo none
        done
        kill $!
    fi
    wait
done
--- exec_out
0
1
none
host not found
host not found
