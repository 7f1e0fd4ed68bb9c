# uwsgi_pass and scgi_pass: what the server is told, and what becomes of its answers. The server is a stream server beside the one under
# test that speaks both, and answers by the parameter ACT. t/unit/proto/gateway_params.c has the formats; 46-fastcgi.t what is the same.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Peer = <<'_EOC_';
    content_by_lua_block {
        local sock = assert(ngx.req.socket(true))
        local p, order, body, prefix = {}, {}, "", nil
        local function keep(name, value) p[name] = value order[#order + 1] = name end
        local function read_uwsgi(first)
            local rest = sock:receive(3)
            local a, b, m2 = rest:byte(1, 3)
            local text, at = sock:receive(a + 256 * b), 1
            local function word()
                local n = text:byte(at) + 256 * text:byte(at + 1)
                at = at + 2 + n
                return text:sub(at - n, at - 1)
            end
            while at <= #text do
                local name = word()
                keep(name, word())
            end
            prefix = "uwsgi " .. first:byte() .. " " .. m2
        end
        local function read_scgi(first)
            local text = sock:receive(tonumber(first .. sock:receiveuntil(":")()))
            for name, value in text:gmatch("(%Z+)%z(%Z*)%z") do keep(name, value) end
            prefix = "scgi" .. sock:receive(1)
        end
        local first = sock:receive(1)
        if not first then return end
        if first:match("%d") then read_scgi(first) else read_uwsgi(first) end
        local n = tonumber(p.CONTENT_LENGTH) or 0
        if n > 0 and p.BODY ~= "no" then body = sock:receive(n) end
        local acts = {}
        function acts.tell()
            local lines = { prefix }
            for _, name in ipairs(order) do
                if name ~= "ACT" then lines[#lines + 1] = name .. "=" .. p[name]:sub(1, 60) end
            end
            return "Content-Type: text/plain\r\n\r\n" .. table.concat(lines, "\n") .. "\nbody " .. #body .. "\n"
        end
        function acts.line() return "HTTP/1.1 404 Gone fishing\r\nX-A: b\r\n\r\nabcd" end
        function acts.bits()
            for c in ("Status: 404 Gone fishing\nX-A: b\n\nabcd"):gmatch(".") do sock:send(c) ngx.sleep(0.001) end
            return ""
        end
        function acts.moved() return "Location: /there\r\n\r\n" end
        function acts.waits() sock:send("Content-Length: 3\r\n\r\nabc") ngx.sleep(5) return "" end
        function acts.nothing() sock:send("Status: 204 None\r\n\r\n") ngx.sleep(5) return "" end
        function acts.short() return "Content-Length: 10\r\n\r\nabc" end
        function acts.long() return "Content-Length: 2\r\n\r\nabcdef" end
        function acts.nohead() return "X-A: b\r\n" end
        function acts.badhead() return "no colon\r\n\r\n" end
        function acts.badline() return "HTTP/1.1 OK\r\n\r\n" end
        function acts.counted() return "X-Accel-Expires: 100\r\n\r\nanswer " .. math.floor(ngx.now() * 1000) end
        function acts.silent() ngx.sleep(5) return "" end
        sock:send(acts[p.ACT]())
    }
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->stream_server_config) {
        $block->set_value("stream_server_config", $::Peer);
    }
    if (!defined $block->no_error_log) {
        $block->set_value("no_error_log", "[alert]");
    }
});

run_tests();

__DATA__

=== TEST 1: parameters in their order, fields of the client behind them; modifiers; what SCGI begins with
--- config
    uwsgi_param ACT tell;
    uwsgi_param EMPTY "";
    uwsgi_param LEFT "" if_not_empty;
    uwsgi_param HTTP_X_OWN own;
    scgi_param CONTENT_LENGTH 77;
    scgi_param ACT tell;
    location /u { uwsgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /m { uwsgi_modifier1 5; uwsgi_modifier2 255; uwsgi_pass uwsgi://127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /s { scgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /v { scgi_param ACT tell; scgi_param SCGI 1; scgi_pass_request_headers off; scgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- request eval
["GET /u", "GET /m", "GET /s", "GET /v"]
--- more_headers
X-Own: client
Proxy: http://evil
--- response_body_like eval
["^uwsgi 0 0\nEMPTY=\nHTTP_X_OWN=own\nHTTP_HOST=localhost\nHTTP_CONNECTION=\\S+\nbody 0\n\$",
"^uwsgi 5 255\nEMPTY=\n",
"^scgi,\nCONTENT_LENGTH=0\nSCGI=1\nHTTP_HOST=localhost\nHTTP_CONNECTION=\\S+\nHTTP_X_OWN=client\nbody 0\n\$",
"^scgi,\nCONTENT_LENGTH=0\nSCGI=1\nbody 0\n\$"]



=== TEST 2: bodies: in memory, in a file, chunked, passed on as they come, none
--- config
    location /u {
        uwsgi_pass_request_headers off;
        uwsgi_param ACT tell;
        uwsgi_param CONTENT_LENGTH $content_length;
        location /u/stream { uwsgi_request_buffering off; uwsgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
        uwsgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT;
    }
    location /s {
        scgi_pass_request_headers off;
        scgi_param ACT tell;
        location /s/stream { scgi_request_buffering off; scgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
        location /s/none { scgi_pass_request_body off; scgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
        scgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT;
    }
--- exec
b=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
head -c 100 /dev/zero >$TEST_NGINX_SERVER_ROOT/small
head -c 300001 /dev/zero >$TEST_NGINX_SERVER_ROOT/large
for u in $b/u $b/s; do
    curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/small $u
    curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/large $u
    curl -s -H 'Transfer-Encoding: chunked' --data-binary @$TEST_NGINX_SERVER_ROOT/large $u
    curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/large $u/stream
    curl -s -H 'Transfer-Encoding: chunked' --data-binary @$TEST_NGINX_SERVER_ROOT/large $u/stream
done | grep -E 'LENGTH|body'
curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/small $b/s/none
--- exec_out
CONTENT_LENGTH=100
body 100
CONTENT_LENGTH=300001
body 300001
CONTENT_LENGTH=300001
body 300001
CONTENT_LENGTH=300001
body 300001
CONTENT_LENGTH=300001
body 300001
CONTENT_LENGTH=100
body 100
CONTENT_LENGTH=300001
body 300001
CONTENT_LENGTH=300001
body 300001
CONTENT_LENGTH=300001
body 300001
CONTENT_LENGTH=300001
body 300001
scgi,
CONTENT_LENGTH=0
SCGI=1
body 0



=== TEST 3: a status line, a head in pieces, Location alone; what has an end that is known is not waited for
--- config
    location /u { uwsgi_param ACT $arg_a; uwsgi_read_timeout 60s; uwsgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /s { scgi_param ACT $arg_a; scgi_read_timeout 60s; scgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- exec
b=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for u in u s; do
    for a in line bits moved waits nothing long; do
        curl -s -m 30 -w ' %{http_code} %{redirect_url}\n' $b/$u?a=$a | sed 's/http:.*there/THERE/;s/ *$//'
    done
    curl -s -m 30 -I $b/$u?a=waits | grep -iE '^HTTP|length' | tr -d '\r'
done
curl -si $b/u?a=line | grep -E '^(HTTP|X-A)' | tr -d '\r'
--- exec_out
abcd 404
abcd 404
 302 THERE
abc 200
 204
ab 200
HTTP/1.1 200 OK
Content-Length: 3
abcd 404
abcd 404
 302 THERE
abc 200
 204
ab 200
HTTP/1.1 200 OK
Content-Length: 3
HTTP/1.1 404 Gone fishing
X-A: b



=== TEST 4: what is no answer is 502, slow 504, cut short cut short; the log says why
--- config
    location /u { uwsgi_param ACT $arg_a; uwsgi_read_timeout 500ms; uwsgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /s { scgi_param ACT $arg_a; scgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /no { uwsgi_pass suwsgi://127.0.0.1:1; }
--- exec
b=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for a in u?a=nohead u?a=badhead s?a=badline u?a=silent no; do curl -s -o /dev/null -w '%{http_code}\n' $b/$a; done
curl -s $b/u?a=short; echo " $?"
curl -s -o /dev/null -w '%{http_code}\n' -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" $b/u?a=tell
for n in 1 2 3 4; do set -- "$@" -H "X-$n: $(head -c 20000 /dev/zero | tr '\0' x)"; done
curl -s -o /dev/null -w '%{http_code}\n' "$@" $b/u?a=tell
--- http_config
    large_client_header_buffers 8 32k;
--- exec_out
502
502
502
504
502
abc 18
200
500
--- error_log
upstream prematurely closed connection while reading response header from upstream, upstream: "uwsgi://127.0.0.1:
header line without a colon
invalid status line
upstream timed out (110: Connection timed out) while reading response header from upstream
upstream: "suwsgi://127.0.0.1:1/no"
uwsgi request is too large



=== TEST 5: other servers, pages, caches, files
--- http_config
    upstream two { server 127.0.0.1:1; server 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    scgi_cache_path $TEST_NGINX_SERVER_ROOT/cache keys_zone=s:1m;
--- config
    location /next { uwsgi_param ACT line; uwsgi_hide_header X-A; uwsgi_pass two; }
    location /page { uwsgi_param ACT line; uwsgi_intercept_errors on; error_page 404 /own; uwsgi_pass two; }
    location /own { return 200 "own page\n"; }
    location /kept { scgi_cache s; scgi_cache_key $uri; scgi_param ACT counted; add_header X-S $upstream_cache_status; scgi_pass two; }
    location /range { scgi_param ACT waits; scgi_force_ranges on; scgi_pass two; }
    location /store { uwsgi_param ACT waits; uwsgi_store $TEST_NGINX_SERVER_ROOT/stored; uwsgi_store_access user:rw group:r; uwsgi_pass two; }
--- exec
b=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -si $b/next | grep -cE '^X-A|404 Gone'
curl -s $b/page
[ "$(curl -s $b/kept)" = "$(curl -s $b/kept)" ] && echo same
curl -si $b/kept | grep X-S | tr -d '\r'
curl -s -r 1-1 -w ' %{http_code}\n' $b/range
curl -s $b/store; echo; cat $TEST_NGINX_SERVER_ROOT/stored; stat -c ' %a' $TEST_NGINX_SERVER_ROOT/stored
--- exec_out
1
own page
same
X-S: HIT
b 206
abc
abc 640



=== TEST 6: over TLS, the certificate verified
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=a.test -addext subjectAltName=DNS:a.test 2>/dev/null
chmod a+r *.pem
cat >conf/perilune.conf <<X
user root; worker_processes 1; error_log logs/error.log; pid logs/m.pid; events {}
stream { server { listen unix:$D/s.sock ssl; ssl_certificate $D/cert.pem; ssl_certificate_key $D/key.pem;
    content_by_lua_block { local s = ngx.req.socket(true) local h = s:receive(4) s:receive(h:byte(2) + h:byte(3) * 256) s:send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine") } } }
http { access_log off; uwsgi_ssl_verify on; uwsgi_ssl_trusted_certificate $D/cert.pem; uwsgi_ssl_name \$arg_n;
    server { listen 127.0.0.1:$PORT; location / { uwsgi_pass suwsgi://unix:$D/s.sock; } } }
X
$B || exit 1
for n in a.test b.test; do curl -s -o out -w '%{http_code}\n' "http://127.0.0.1:$PORT/?n=$n"; done
quit
--- exec_out
200
502



=== TEST 7: words that are wrong
--- config
    location /t { return 204; }
--- request
GET /t
--- error_code: 204
--- exec
for line in 'uwsgi_pass http://a/;' 'scgi_pass suwsgi://a:1;' 'uwsgi_pass localhost;' 'uwsgi_param A;' 'scgi_param A b c;' 'uwsgi_modifier1 256;' \
    'scgi_ssl_verify on;'; do
    printf 'events {}\nhttp { server { listen 127.0.0.1:%s; location / { %s } } }\n' "$TEST_NGINX_RAND_PORT_1" "$line" >$TEST_NGINX_SERVER_ROOT/x.conf
    ${TEST_NGINX_BINARY:-build/perilune} -t -c $TEST_NGINX_SERVER_ROOT/x.conf 2>&1 | sed -n 's/.*\[emerg\] //;s/ in .*x.conf.*//;1p'
done
--- exec_out
invalid address "http://a/"
invalid address "suwsgi://a:1"
invalid host or no port
invalid number of arguments
invalid parameter "c"
invalid value "256"
unknown directive "scgi_ssl_verify"
