# fastcgi_pass: what the server is told, and what becomes of its answers. The server is a stream server beside the one under test:
# it answers by the parameter ACT. t/unit/proto/fastcgi.c and cgi_head.c have the formats.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Peer = <<'_EOC_';
    content_by_lua_block {
        local sock = assert(ngx.req.socket(true))
        local served = 0
        local function record(kind, content)
            return string.char(1, kind, 0, 1, math.floor(#content / 256), #content % 256, 3, 0) .. content .. "pad"
        end
        local function length(s, at)
            local n = s:byte(at)
            if n < 128 then return n, at + 1 end
            local a, b, c = s:byte(at + 1, at + 3)
            return (n - 128) * 16777216 + a * 65536 + b * 256 + c, at + 4
        end
        local function parse(s)
            local params, order, at = {}, {}, 1
            while at <= #s do
                local n, m
                n, at = length(s, at)
                m, at = length(s, at)
                local name = s:sub(at, at + n - 1)
                params[name] = s:sub(at + n, at + n + m - 1)
                order[#order + 1] = name
                at = at + n + m
            end
            return params, order
        end
        local ended = record(3, ("\0"):rep(8))
        local acts = {}
        function acts.tell(p, order, body)
            local lines = {}
            for _, name in ipairs(order) do
                if name ~= "ACT" then lines[#lines + 1] = name .. "=" .. p[name]:sub(1, 60) end
            end
            return record(6, "Content-Type: text/plain\r\n\r\n" .. table.concat(lines, "\n") .. "\nbody " .. #body ..
                          ", request " .. served .. " here\n") .. record(6, "") .. ended
        end
        function acts.bits() -- every record in pieces, heads ended by LF
            local whole = record(6, "Status: 404 Gone fishing\nX-A: b\n") .. record(6, "\nab") .. record(7, "careful\n") .. record(6, "cd") .. ended
            for c in whole:gmatch(".") do sock:send(c) ngx.sleep(0.001) end
            return ""
        end
        function acts.moved() return record(6, "Location: /there\r\n\r\n") .. ended end
        function acts.cut() return record(6, "X-A: b\r\n\r\nabc") end
        function acts.short() return record(6, "Content-Length: 10\r\n\r\nabc") .. ended end
        function acts.long() return record(6, "Content-Length: 2\r\n\r\nabc") .. record(6, "def") .. ended end
        function acts.nohead() return record(6, "X-A: b\r\n") .. ended end
        function acts.badhead() return record(6, "no colon\r\n\r\n") .. ended end
        function acts.nul() return record(6, "X-A: a\0b\r\n\r\n") .. ended end
        function acts.http() return "HTTP/1.1 200 OK\r\n\r\n" end
        function acts.busy() return record(3, "\0\0\0\0\2\0\0\0") end
        function acts.only_errors() return record(7, "Primary script unknown") .. ended end
        function acts.fatal() return record(7, "PHP Fatal error: x\n") .. record(6, "X-A: b\r\n\r\nfine") .. ended end
        function acts.fatal_late() return record(6, "X-A: b\r\n\r\n") .. record(7, "PHP Fatal error: x\n") .. record(6, "fine") .. ended end
        function acts.counted() return record(6, "X-Accel-Expires: 100\r\n\r\nanswer " .. math.floor(ngx.now() * 1000)) .. ended end
        function acts.elsewhere() return record(6, "X-Accel-Redirect: /inside\r\n\r\n") .. ended end
        local p, order, body, text, keeps = nil, nil, "", "", false
        while true do
            local head = sock:receive(8)
            if not head then return end
            local n = head:byte(5) * 256 + head:byte(6)
            local content = n > 0 and sock:receive(n) or ""
            local kind = head:byte(2)
            if kind == 1 then keeps, body, text = content:byte(3) == 1, "", ""
            elseif kind == 4 and n > 0 then text = text .. content
            elseif kind == 4 then p, order = parse(text)
            elseif kind == 5 and n > 0 then body = body .. content
            elseif kind == 5 then
                served = served + 1
                sock:send(acts[p.ACT](p, order, body))
                if not keeps then return end
            end
        end
    }
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value("stream_server_config", $::Peer);
    if (!defined $block->no_error_log) {
        $block->set_value("no_error_log", "[alert]");
    }
});

run_tests();

__DATA__

=== TEST 1: parameters, in their order; fields of the client behind them, once, but those that are set, and Proxy
--- config
    location /t {
        fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT;
        fastcgi_param ACT tell;
        fastcgi_param QUERY $query_string;
        fastcgi_param EMPTY "";
        fastcgi_param LEFT "" if_not_empty;
        fastcgi_param STAYS 1 if_not_empty;
        fastcgi_param HTTP_X_OWN own;
    }
--- raw_request eval
"GET /t?a=b HTTP/1.1\r\nHost: public\r\nX-Own: client\r\nX_Low: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nProxy: http://evil\r\nCookie: a\r\nX-Two: 1\r\nx-two: 2\r\nCookie: b\r\n\r\n"
--- response_headers
Content-Type: text/plain
--- response_body
QUERY=a=b
EMPTY=
STAYS=1
HTTP_X_OWN=own
HTTP_HOST=public
HTTP_CONNECTION=close, X-Hop
HTTP_COOKIE=a; b
HTTP_X_TWO=1, 2
body 0, request 1 here



=== TEST 2: a level without fastcgi_param has those above; one of its own starts anew
--- config
    fastcgi_param ACT tell;
    fastcgi_param OUTER 1;
    fastcgi_pass_request_headers off;
    location /in { fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /own { fastcgi_param ACT tell; fastcgi_param INNER 1; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- request eval
["GET /in", "GET /own"]
--- response_body eval
["OUTER=1\nbody 0, request 1 here\n", "INNER=1\nbody 0, request 1 here\n"]



=== TEST 3: the script and what stands behind it; the index; captures of the location stay
--- config
    fastcgi_pass_request_headers off;
    location ~ ^/(s)/ {
        fastcgi_split_path_info ^(.+\.php)(/.*)$;
        fastcgi_index index.php;
        fastcgi_param ACT tell;
        fastcgi_param SCRIPT $fastcgi_script_name;
        fastcgi_param INFO $fastcgi_path_info;
        fastcgi_param ONE $1;
        fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT;
    }
--- request eval
["GET /s/a.php/b/c?d", "GET /s/", "GET /s/x"]
--- response_body eval
["SCRIPT=/s/a.php\nINFO=/b/c\nONE=s\nbody 0, request 1 here\n",
"SCRIPT=/s/index.php\nINFO=\nONE=s\nbody 0, request 1 here\n",
"SCRIPT=/s/x\nINFO=\nONE=s\nbody 0, request 1 here\n"]



=== TEST 4: bodies: in memory, in a file, chunked, passed on as they come, none; long parameters
--- config
    fastcgi_pass_request_headers off;
    fastcgi_param ACT tell;
    fastcgi_param LENGTH $content_length;
    location /t { fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /stream { fastcgi_request_buffering off; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /none { fastcgi_pass_request_body off; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /long { fastcgi_param ACT tell; fastcgi_param LONG $arg_x; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
head -c 100 /dev/zero >$TEST_NGINX_SERVER_ROOT/small
head -c 300001 /dev/zero >$TEST_NGINX_SERVER_ROOT/large
curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/small $u/t
curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/large $u/t
curl -s -H 'Transfer-Encoding: chunked' --data-binary @$TEST_NGINX_SERVER_ROOT/large $u/t
curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/large $u/stream
curl -s -H 'Transfer-Encoding: chunked' --data-binary @$TEST_NGINX_SERVER_ROOT/large $u/stream
curl -s --data-binary @$TEST_NGINX_SERVER_ROOT/small $u/none
curl -s "$u/long?x=$(head -c 300 /dev/zero | tr '\0' x)"
--- exec_out
LENGTH=100
body 100, request 1 here
LENGTH=300001
body 300001, request 1 here
LENGTH=300001
body 300001, request 1 here
LENGTH=300001
body 300001, request 1 here
LENGTH=300001
body 300001, request 1 here
LENGTH=100
body 0, request 1 here
LONG=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
body 0, request 1 here



=== TEST 5: records in pieces; a status with a phrase; standard error goes to the log
--- config
    location /t { fastcgi_param ACT bits; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- request
GET /t
--- error_code: 404
--- raw_response_headers_like: HTTP/1.1 404 Gone fishing\r
--- response_headers
X-A: b
--- response_body: abcd
--- error_log
FastCGI sent in stderr: "careful" while reading upstream, upstream: "fastcgi://127.0.0.1:



=== TEST 6: Location without a status is 302; too much is dropped; X-Accel-Redirect; HEAD
--- config
    location /t { fastcgi_param ACT $arg_act; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /inside { internal; return 200 "inside\n"; }
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -si $u/t?act=moved | grep -E '^HTTP|^Loc' | tr -d '\r'
curl -s $u/t?act=long; echo
curl -s $u/t?act=elsewhere
curl -sI $u/t?act=long | grep -iE '^HTTP|length' | tr -d '\r'
--- exec_out
HTTP/1.1 302 Found
Location: /there
ab
inside
HTTP/1.1 200 OK
Content-Length: 2



=== TEST 7: an answer that ends too early is cut short for the client, too
--- config
    location /t { fastcgi_param ACT $arg_act; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s $u/t?act=cut; echo " $?"
curl -s $u/t?act=short; echo " $?"
--- exec_out
abc 18
abc 18
--- error_log
upstream prematurely closed connection while reading upstream



=== TEST 8: what is no answer is 502, and the log says why
--- config
    location /t { fastcgi_param ACT $arg_act; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- request eval
["GET /t?act=nohead", "GET /t?act=badhead", "GET /t?act=nul", "GET /t?act=http", "GET /t?act=busy", "GET /t?act=only_errors"]
--- error_code eval
[502, 502, 502, 502, 502, 502]
--- error_log
no header before the end of FastCGI output
header line without a colon
invalid header line
unsupported FastCGI protocol version
the FastCGI server is overloaded
FastCGI sent in stderr: "Primary script unknown"



=== TEST 9: fastcgi_keep_conn with a group that keeps connections
--- http_config
    upstream kept { server 127.0.0.1:$TEST_NGINX_STREAM_PORT; keepalive 4; keepalive_timeout 3s; }
--- config
    fastcgi_pass_request_headers off;
    fastcgi_param ACT tell;
    location /kept { fastcgi_keep_conn on; fastcgi_pass kept; }
    location /not { fastcgi_pass kept; }
--- request eval
["GET /not", "GET /kept", "GET /kept", "GET /not", "GET /kept"]
--- response_body eval
["\nbody 0, request 1 here\n", "\nbody 0, request 1 here\n", "\nbody 0, request 2 here\n", "\nbody 0, request 3 here\n", "\nbody 0, request 1 here\n"]



=== TEST 10: the next server, fastcgi_intercept_errors, fastcgi_hide_header
--- http_config
    upstream two { server 127.0.0.1:1; server 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- config
    location /next { fastcgi_param ACT bits; fastcgi_pass two; fastcgi_hide_header X-A; }
    location /page { fastcgi_param ACT bits; fastcgi_intercept_errors on; error_page 404 /own; fastcgi_pass two; }
    location /own { return 200 "own page\n"; }
    location /not { fastcgi_param ACT bits; fastcgi_next_upstream off; fastcgi_pass 127.0.0.1:1; }
--- request eval
["GET /next", "GET /page", "GET /not"]
--- error_code eval
[404, 404, 502]
--- response_headers eval
["!X-A", "", ""]
--- response_body_like eval
["^abcd\$", "^own page\$", "502 Bad Gateway"]
--- error_log
connect() failed (111: Connection refused) while connecting to upstream, upstream: "fastcgi://127.0.0.1:1/next"



=== TEST 11: answers are kept by fastcgi_cache; HEAD asks for what GET gets
--- http_config
    fastcgi_cache_path $TEST_NGINX_SERVER_ROOT/cache keys_zone=f:1m;
--- config
    fastcgi_cache f;
    fastcgi_cache_key $uri;
    fastcgi_param ACT counted;
    fastcgi_param REQUEST_METHOD $request_method;
    add_header X-Status $upstream_cache_status;
    location /t { fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /tell { fastcgi_param ACT tell; fastcgi_param REQUEST_METHOD $request_method;
        fastcgi_cache_valid 200 1m; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
a=$(curl -s $u/t); b=$(curl -s $u/t); [ "$a" = "$b" ] && echo same
curl -si $u/t | grep X-Status | tr -d '\r'
curl -sI $u/tell | grep X-Status | tr -d '\r'
curl -si -H 'If-None-Match: "x"' -H 'Range: bytes=0-3' $u/tell | grep -E 'X-Status|^REQ|^HTTP' | tr -d '\r'
curl -s $u/tell | grep -cE 'HTTP_IF|HTTP_RANGE'; true
--- exec_out
same
X-Status: HIT
X-Status: MISS
HTTP/1.1 206 Partial Content
X-Status: HIT
REQU
0



=== TEST 12: addresses by variables, of a unix socket; what is wrong is told at the start
--- http_config
    upstream named { server 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- config
    fastcgi_pass_request_headers off;
    fastcgi_param ACT tell;
    location /v { set $where named; fastcgi_pass $where; }
    location /bad { set $where "http://x/"; fastcgi_pass $where; }
    location /unix { fastcgi_pass unix:/no/such.sock; }
--- request eval
["GET /v", "GET /bad", "GET /unix"]
--- error_code eval
[200, 500, 502]
--- error_log
invalid URL prefix in "http://x/"
connect() to unix:/no/such.sock failed (2: No such file or directory) while connecting to upstream, upstream: "fastcgi://unix:/no/such.sock/unix"



=== TEST 13: what is said on standard error makes an answer malformed; files and ranges of answers
--- http_config
    upstream twice { server 127.0.0.1:$TEST_NGINX_STREAM_PORT; server localhost:$TEST_NGINX_STREAM_PORT; }
--- config
    fastcgi_param ACT $arg_a;
    fastcgi_catch_stderr "nothing like that";
    location /plain { fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /caught { fastcgi_catch_stderr "other"; fastcgi_catch_stderr "Fatal e"; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /next { fastcgi_catch_stderr "Fatal"; fastcgi_next_upstream invalid_header; fastcgi_pass twice; add_header X-Tries $upstream_status always; }
    location /range { fastcgi_force_ranges on; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
    location /store { fastcgi_store $TEST_NGINX_SERVER_ROOT/stored; fastcgi_store_access all:r; fastcgi_pass 127.0.0.1:$TEST_NGINX_STREAM_PORT; }
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s -w ' %{http_code}\n' $u/plain?a=fatal
curl -s -o /dev/null -w '%{http_code}\n' $u/caught?a=fatal
curl -s -w ' %{http_code}\n' $u/caught?a=fatal_late
curl -si $u/next?a=fatal | grep X-Tries | tr -d '\r'
curl -s -r 1-1 -w ' %{http_code}\n' $u/range?a=long
curl -s $u/store?a=long; echo; cat $TEST_NGINX_SERVER_ROOT/stored; stat -c ' %a' $TEST_NGINX_SERVER_ROOT/stored
--- exec_out
fine 200
502
fine 200
X-Tries: 502, 502
b 206
ab
ab 644
--- error_log
FastCGI sent in stderr: "PHP Fatal error: x" while reading response header from upstream



=== TEST 14: words that are wrong
--- config
    location /t { return 204; }
--- request
GET /t
--- error_code: 204
--- exec
for line in 'fastcgi_pass http://a/;' 'fastcgi_pass a/b;' 'fastcgi_param A;' 'fastcgi_param A b c;' 'fastcgi_split_path_info (a);' \
    'fastcgi_split_path_info (;' 'fastcgi_buffers 1 4k;' 'fastcgi_pass localhost;'; do
    printf 'events {}\nhttp { server { listen 127.0.0.1:%s; location / { %s } } }\n' "$TEST_NGINX_RAND_PORT_1" "$line" >$TEST_NGINX_SERVER_ROOT/x.conf
    ${TEST_NGINX_BINARY:-build/perilune} -t -c $TEST_NGINX_SERVER_ROOT/x.conf 2>&1 | sed -n 's/.*\[emerg\] //;s/ in .*x.conf.*//;1p'
done
--- exec_out
invalid address "http://a/"
invalid address "a/b"
invalid number of arguments
invalid parameter "c"
pattern "(a)" must have 2 captures
pcre2_compile() failed: missing closing parenthesis
there must be at least 2 "fastcgi_buffers"
invalid host or no port
