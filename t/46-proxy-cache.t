# proxy_cache: what is kept, for how long, what clients get of it, what happens when its time is over.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    proxy_cache_path cache levels=1:2 keys_zone=c:1m;
    lua_shared_dict d 1m;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        # fields of the answer are those of the query; the body counts how often that path was asked for
        location / { content_by_lua_block {
            local d, args = ngx.shared.d, ngx.req.get_uri_args()
            local path = ngx.var.uri
            local n = d:incr(path, 1, 0)
            if d:get("down") then ngx.exit(tonumber(d:get("down"))) end
            if args.match and ngx.var.http_if_none_match == args.match then
                d:incr("matched", 1, 0)
                ngx.status = 304
            end
            for name, field in pairs { cc = "Cache-Control", ex = "Expires", xa = "X-Accel-Expires", cookie = "Set-Cookie", vary = "Vary",
                etag = "ETag", lm = "Last-Modified", age = "Age" } do
                if args[name] then ngx.header[field] = args[name] end
            end
            if args.status then ngx.status = tonumber(args.status) end
            if ngx.status == 304 then ngx.header.etag = args.match return end
            ngx.header["X-Asked"] = ngx.req.get_method() .. " " .. (ngx.var.http_range or "-") .. " " .. (ngx.var.http_if_none_match or "-")
            local body = path .. " " .. n .. " " .. (ngx.var.http_accept_language or "") .. "\n"
            ngx.header.content_length = #body
            ngx.print(body)
        } }
        location = /down { content_by_lua_block { ngx.shared.d:set("down", ngx.var.arg_to) } }
        location = /matched { content_by_lua_block { ngx.say(ngx.shared.d:get "matched") } }
    }
_EOC_
our $Config = <<'_EOC_';
    proxy_cache c;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /valid/ { proxy_cache_valid 1m; proxy_cache_valid 404 1m; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
_EOC_
our $Get = <<'_EOC_';
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
B=http://127.0.0.1:$TEST_NGINX_RAND_PORT_1
# get path [options]: status of the cache, status, body
get() { p=$1; shift; : >out; curl -s -o out -w '%{http_code}' -D head "$@" "$U$p" >code; printf '%s %s %s' "$(sed -n 's/^X-Cache: \(.*\).$/\1/ip' head)" "$(cat code)" "$(head -n 1 out | tr -d '\r' | sed 's/ *$//')" | sed 's/ *$//'; echo; }
cd $TEST_NGINX_SERVROOT
_EOC_
run_tests();

__DATA__

=== TEST 1: what the server says: kept or not
--- http_config eval: $::Http
--- config eval: $::Config
--- exec eval
$::Get . <<'_EOC_';
twice() { get "$1" >/dev/null; echo "$1: $(get "$1" | cut -d' ' -f1)"; }
twice '/?n=plain'
twice '/?cc=max-age=60'
twice '/?cc=max-age=0'
twice '/?cc=no-store,max-age=60'
twice '/?cc=private,max-age=60'
twice '/?cc=max-age=0,s-maxage=60'
twice '/?cc=max-age=60&age=70'
twice '/?xa=60&cc=no-store'
twice '/?xa=0&cc=max-age=60'
twice '/?xa=@4000000000'
twice '/?ex=Thu,%2018%20Nov%202100%2019:00:00%20GMT'
twice '/?ex=Thu,%2018%20Nov%202010%2019:00:00%20GMT'
twice '/?ex=0'
twice '/?cc=max-age=60&cookie=a=b'
twice '/?cc=max-age=60&vary=*'
twice '/?cc=max-age=60&status=404'
twice '/?cc=max-age=60&status=206'
twice '/valid/?n=1'
twice '/valid/?status=404'
twice '/valid/?status=403'
twice '/valid/?cc=no-cache'
_EOC_
--- exec_out
/?n=plain: MISS
/?cc=max-age=60: HIT
/?cc=max-age=0: MISS
/?cc=no-store,max-age=60: MISS
/?cc=private,max-age=60: MISS
/?cc=max-age=0,s-maxage=60: HIT
/?cc=max-age=60&age=70: MISS
/?xa=60&cc=no-store: HIT
/?xa=0&cc=max-age=60: MISS
/?xa=@4000000000: HIT
/?ex=Thu,%2018%20Nov%202100%2019:00:00%20GMT: HIT
/?ex=Thu,%2018%20Nov%202010%2019:00:00%20GMT: MISS
/?ex=0: MISS
/?cc=max-age=60&cookie=a=b: MISS
/?cc=max-age=60&vary=*: MISS
/?cc=max-age=60&status=404: HIT
/?cc=max-age=60&status=206: MISS
/valid/?n=1: HIT
/valid/?status=404: HIT
/valid/?status=403: MISS
/valid/?cc=no-cache: MISS
--- no_error_log
[crit]
[alert]



=== TEST 2: a kept answer: Age, HEAD, conditions, ranges, status; the server is asked for the whole
--- http_config eval: $::Http
--- config eval: $::Config
--- exec eval
$::Get . <<'_EOC_';
P='/a/b?cc=max-age=60&etag="x"&lm=Thu,%2018%20Nov%202010%2019:00:00%20GMT&age=5'
get $P -I | cut -c1-8; grep -i '^x-asked\|^content-length' head | tr -d '\r' | sort
get $P -r 0-3; grep -ic '^age: [5-9]\|^age: 1' head; grep -i '^content-range' head | tr -d '\r'
get $P -r 1-2,4-; grep -i '^content-type: multipart' head | cut -c1-34; tr -d '\r' <out | grep -v '^--\|^Content\|^$' | sed 's/ *$//'
get $P -r 50-; grep -i '^content-range' head | tr -d '\r'
get $P -r 0-3 -H 'If-Range: "y"'
get $P -H 'If-None-Match: "x"'
get $P -H 'If-Modified-Since: Thu, 18 Nov 2010 19:00:00 GMT'
get $P -H 'If-Match: "y"' | cut -d' ' -f1,2
get $P -X POST
get $P -H 'Authorization: Basic eA=='
get '/q?cc=max-age=60' -r 0-1 -H 'If-None-Match: "z"'; grep -i '^x-asked' head | tr -d '\r'
P='/n?cc=max-age=60&etag="x"'; get $P -H 'If-None-Match: "x"'; grep -ic '^etag: "x"' head; until get $P >line; grep -q HIT line; do :; done; cat line; get '/n2?etag="x"' -H 'If-None-Match: "x"'; get '/n2?etag="x"' -H 'If-Match: "y"'
get '/q2?cc=max-age=60' -H 'Authorization: Basic eA=='; get '/q2?cc=max-age=60' -H 'Authorization: Basic eA=='
get '/q3?cc=public,max-age=60' -H 'Authorization: Basic eA=='; get '/q3?cc=public,max-age=60'
_EOC_
--- exec_out
MISS 200
Content-Length: 8
X-Asked: GET - -
HIT 206 /a/b
1
Content-Range: bytes 0-3/8
HIT 206
Content-Type: multipart/byteranges
a/
 1
HIT 416 <html>
Content-Range: bytes */8
HIT 200 /a/b 1
HIT 304
HIT 304
HIT 412
 200 /a/b 2
HIT 200 /a/b 1
MISS 206 /q
X-Asked: GET - -
MISS 304
1
HIT 200 /n 1
MISS 304
MISS 412 <html>
MISS 200 /q2 1
MISS 200 /q2 2
MISS 200 /q3 1
HIT 200 /q3 1
--- no_error_log
[crit]



=== TEST 3: variants by Vary: each has its own; what has none is for all
--- http_config eval: $::Http
--- config eval: $::Config
--- exec eval
$::Get . <<'_EOC_';
P='/v?cc=max-age=60&vary=Accept-Language,%20X-A'
for l in de fr de fr it; do get $P -H "Accept-Language: $l"; done
get $P -H 'Accept-Language: de' -H 'X-A: 1'; get $P -H 'X-A: 1' -H 'Accept-Language: de'; get $P
get '/i?cc=max-age=60' -H 'Accept-Language: de'; get '/i?cc=max-age=60' -H 'Accept-Language: fr'
find cache -type f | wc -l
_EOC_
--- exec_out
MISS 200 /v 1 de
MISS 200 /v 2 fr
HIT 200 /v 1 de
HIT 200 /v 2 fr
MISS 200 /v 3 it
MISS 200 /v 4 de
HIT 200 /v 4 de
MISS 200 /v 5
MISS 200 /i 1 de
HIT 200 /i 1 de
6



=== TEST 4: keys, bypass, no_cache, min_uses, methods, convert_head, ignored headers; by level
--- http_config eval: $::Http
--- config
    proxy_cache c;
    proxy_cache_valid any 1m;
    proxy_pass_request_headers on;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; proxy_cache_key $arg_k; }
    location /bypass { proxy_cache_bypass $arg_b $http_x_b; proxy_no_cache $arg_n; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; proxy_cache_key $uri; }
    location /uses { proxy_cache_min_uses 3; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /post { proxy_cache_methods POST; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /head { proxy_cache_convert_head off; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /off { proxy_cache off; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /ignore { proxy_ignore_headers Cache-Control Expires Set-Cookie Vary X-Accel-Expires; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /none { proxy_cache_valid 404 1m; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec eval
$::Get . <<'_EOC_';
get '/1?k=a'; get '/2?k=a'; get '/3?k=b'
get /bypass; get '/bypass?b=1'; get '/bypass?b=0'; get /bypass -H 'X-B: y'; get /bypass
get '/bypassed?n=1'; get '/bypassed?n=1'; get '/bypassed?n=0'; get /bypassed
for i in 1 2 3 4; do get /uses; done
get /post -d a; get /post -d a; get /post
get /head -I | cut -c1-4; get /head; get /head -I | cut -c1-4; grep -i x-asked head | tr -d '\r'
get /off; get /off
P='/ignore?cc=no-store&ex=0&xa=0&cookie=a&vary=*'; get $P; get $P; grep -i set-cookie head | tr -d '\r'
get /none; get /none
_EOC_
--- exec_out
MISS 200 /1 1
HIT 200 /1 1
MISS 200 /3 1
MISS 200 /bypass 1
BYPASS 200 /bypass 2
HIT 200 /bypass 2
BYPASS 200 /bypass 3
HIT 200 /bypass 3
MISS 200 /bypassed 1
MISS 200 /bypassed 2
MISS 200 /bypassed 3
HIT 200 /bypassed 3
MISS 200 /uses 1
MISS 200 /uses 2
MISS 200 /uses 3
HIT 200 /uses 3
MISS 200 /post 1
HIT 200 /post 1
HIT 200 /post 1
 200
MISS 200 /head 2
 200
X-Asked: HEAD - -
 200 /off 1
 200 /off 2
MISS 200 /ignore 1
HIT 200 /ignore 1
Set-Cookie: a
MISS 200 /none 1
MISS 200 /none 2
--- no_error_log
[crit]



=== TEST 5: when its time is over: expired, revalidated, stale by failure, by the answer itself
--- http_config eval: $::Http
--- config
    proxy_cache c;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /again { proxy_cache_revalidate on; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /stale { proxy_cache_use_stale error http_503 http_404; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /gone { proxy_cache_use_stale error; proxy_pass http://127.0.0.1:$arg_port; proxy_cache_key $uri; }
--- exec eval
$::Get . <<'_EOC_';
# asks until what is kept is not good any more
over() { for i in $(seq 1200); do get "$@" >line; grep -q '^HIT' line || break; sleep 0.05; done; cat line; }
A='/again?cc=max-age=1&match="e"&etag="e"'
get '/x?cc=max-age=1'; get $A; get '/stale?cc=max-age=1'; get '/s?cc=max-age=1,stale-if-error=60'; get "/gone?cc=max-age=1&port=$TEST_NGINX_RAND_PORT_1"
over '/x?cc=max-age=1'; get '/x?cc=max-age=1'
over $A; get $A; curl -s $B/matched; grep -ic '^age: [01]' head
over '/stale?cc=max-age=1'
curl -s "$B/down?to=503"; over '/stale?cc=max-age=1'; over '/s?cc=max-age=1,stale-if-error=60'; over '/x?cc=max-age=1' | cut -c1-18
curl -s "$B/down?to=404"; over '/stale?cc=max-age=1'; over '/s?cc=max-age=1,stale-if-error=60' | cut -c1-17
curl -s "$B/down?to=500"; over '/stale?cc=max-age=1' | cut -c1-17
over '/gone?cc=max-age=1&port=1'
_EOC_
--- exec_out
MISS 200 /x 1
MISS 200 /again 1
MISS 200 /stale 1
MISS 200 /s 1
MISS 200 /gone 1
EXPIRED 200 /x 2
HIT 200 /x 2
REVALIDATED 200 /again 1
HIT 200 /again 1
1
1
EXPIRED 200 /stale 2
STALE 200 /stale 2
STALE 200 /s 1
EXPIRED 503 <html>
STALE 200 /stale 2
EXPIRED 404 <html
EXPIRED 500 <html
STALE 200 /gone 1



=== TEST 6: of those who want the same one asks; others wait, or get what is old; it is renewed behind the client's back
--- http_config
    proxy_cache_path cache keys_zone=c:1m;
    lua_shared_dict d 1m;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        # answers when it may
        location / { content_by_lua_block {
            local d = ngx.shared.d
            local n = d:incr("asked", 1, 0)
            repeat ngx.sleep(0.005) until d:get "go"
            ngx.header.cache_control = "max-age=" .. d:get "go"
            ngx.say(n)
        } }
        location = /asked { content_by_lua_block { ngx.say(ngx.shared.d:get "asked") } }
        location = /go { content_by_lua_block { ngx.shared.d:set("go", ngx.var.arg_to) } }
    }
--- config
    proxy_cache c;
    proxy_cache_key $uri;
    proxy_cache_lock_age 1h;
    add_header X-Cache $upstream_cache_status always;
    location /lock { proxy_cache_lock on; proxy_cache_lock_timeout 60s; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /short { proxy_cache_lock on; proxy_cache_lock_timeout 50ms; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /updating { proxy_cache_use_stale updating; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /behind { proxy_cache_use_stale updating; proxy_cache_background_update on; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec eval
$::Get . <<'_EOC_';
asked() { until [ "$(curl -s $B/asked)" = $1 ]; do sleep 0.02; done; }
# go [seconds that answers are good for]
go() { curl -s "$B/go?to=$1"; }
stop() { curl -s $B/go; }
over() { for i in $(seq 1200); do get "$@" >line; grep -q '^HIT' line || break; sleep 0.05; done; cat line; }
alone() { mkdir -p $1; (cd $1; get $2 >line) & }
alone a /lock; alone b /lock; alone c /lock; asked 1; go 1000; wait; cat a/line b/line c/line | sort
stop; alone a /short; asked 2; alone b /short; asked 3; go 1; wait; cat a/line b/line; over /short | cut -c1-11
go 1; get /updating; until curl -s $B/asked >/dev/null; do :; done; sleep 2.1; stop
alone a /updating; asked 6; get /updating; get /updating; go 1000; wait; cat a/line; get /updating
go 1; get /behind; sleep 2.1; stop; get /behind; asked 8; get /behind; go 1000
until get /behind >line; grep -q HIT line; do sleep 0.01; done; cat line
curl -s $B/asked
_EOC_
--- exec_out
HIT 200 1
HIT 200 1
MISS 200 1
MISS 200 2
MISS 200 3
EXPIRED 200
MISS 200 5
UPDATING 200 5
UPDATING 200 5
EXPIRED 200 6
HIT 200 6
MISS 200 7
STALE 200 7
UPDATING 200 7
HIT 200 8
8
--- no_error_log
[crit]
[error]



=== TEST 7: what is not whole is not kept; a client that leaves ends nothing
--- http_config
    proxy_cache_path cache levels=2 keys_zone=c:1m max_size=10m;
    lua_shared_dict d 1m;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location /endless { content_by_lua_block {
            ngx.header.cache_control = "max-age=60"
            repeat ngx.print(("x"):rep(100000)) until not ngx.flush(true)
            ngx.shared.d:set("ended", true)
        } }
        location /ended { content_by_lua_block { repeat ngx.sleep(0.005) until ngx.shared.d:get "ended" ngx.say "ended" } }
        location /cut { content_by_lua_block {
            ngx.header.cache_control = "max-age=60"
            if ngx.var.arg_length then ngx.header.content_length = 100 end
            ngx.print("half") ngx.flush(true) ngx.exit(ngx.ERROR)
        } }
        location /large { content_by_lua_block {
            ngx.header.cache_control = "max-age=60"
            ngx.header.content_length = 3000000
            for i = 1, 30 do
                ngx.print(("x"):rep(100000)) ngx.flush(true)
                if i == 15 then
                    ngx.shared.d:set("half", true)
                    repeat ngx.sleep(0.005) until ngx.shared.d:get "go"
                end
            end
        } }
        location /chunks { content_by_lua_block { ngx.header.cache_control = "max-age=60" for i = 1, 3 do ngx.print(i, " ") ngx.flush(true) end } }
        location /half { content_by_lua_block { repeat ngx.sleep(0.005) until ngx.shared.d:get "half" } }
        location /go { content_by_lua_block { ngx.shared.d:set("go", true) } }
    }
--- config
    proxy_cache c;
    proxy_http_version 1.1;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec eval
$::Get . <<'_EOC_';
for p in /cut '/cut?length=1' /chunks; do get $p; get $p; done
curl -s -o /dev/null $U/large & C=$!
curl -s $B/half; kill $C; wait $C 2>/dev/null
find cache -type f -name '*.*' | wc -l
curl -s $B/go
until find cache -type f -name '*.*' | wc -l | grep -qx 0; do sleep 0.02; done
get /large | cut -c1-7; wc -c <out; get /large -r 2999990- | cut -c1-20
curl -s $U/endless | head -c 1000 | wc -c; curl -s --max-time 100 $B/ended
find cache -type f -printf '%d %m\n' | sort -u; find cache -mindepth 1 -type d -printf '%d %m\n' | sort -u
_EOC_
--- exec_out
MISS 200 half
MISS 200 half
MISS 200 half
MISS 200 half
MISS 200 1 2 3
HIT 200 1 2 3
1
HIT 200
3000000
HIT 206 xxxxxxxxxx
1000
ended
2 600
1 700
--- error_log
upstream prematurely closed connection
--- no_error_log
[crit]



=== TEST 8: a key may say the request's body, also where that is not to be read ahead
--- http_config
    proxy_cache_path cache keys_zone=c:1m;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { content_by_lua_block { ngx.req.read_body() ngx.say(ngx.req.get_body_data()) } }
    }
--- config
    proxy_cache c;
    proxy_cache_methods POST;
    proxy_cache_key $uri$request_body;
    proxy_cache_valid 1h;
    proxy_http_version 1.1;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /streamed { proxy_request_buffering off; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec eval
$::Get . <<'_EOC_';
for p in / /streamed; do for d in a b a; do get $p -d $d; done; done
get / -d c -H 'Transfer-Encoding: chunked'; get / -d c
_EOC_
--- exec_out
MISS 200 a
MISS 200 b
HIT 200 a
MISS 200 a
MISS 200 b
HIT 200 a
MISS 200 c
HIT 200 c
--- no_error_log
[crit]



=== TEST 9: others wait also while the next server is asked
--- http_config
    proxy_cache_path cache keys_zone=c:1m;
    lua_shared_dict d 1m;
    upstream two { server 127.0.0.1:$TEST_NGINX_RAND_PORT_1; server 127.0.0.1:$TEST_NGINX_RAND_PORT_2; }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { return 503; }
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        location / { content_by_lua_block {
            local n = ngx.shared.d:incr("asked", 1, 0)
            repeat ngx.sleep(0.005) until ngx.shared.d:get "go"
            ngx.header.cache_control = "max-age=60"
            ngx.say(n)
        } }
        location = /asked { content_by_lua_block { ngx.say(ngx.shared.d:get "asked") } }
        location = /go { content_by_lua_block { ngx.shared.d:set("go", true) } }
    }
--- config
    proxy_cache c;
    proxy_cache_lock on;
    proxy_cache_lock_age 1h;
    proxy_cache_lock_timeout 1h;
    proxy_next_upstream http_503;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://two; }
--- exec eval
$::Get . <<'_EOC_';
B=http://127.0.0.1:$TEST_NGINX_RAND_PORT_2
alone() { mkdir -p $1; (cd $1; get $2 >line) & }
alone a /; until [ "$(curl -s $B/asked)" = 1 ]; do sleep 0.02; done
alone b /; sleep 0.5; curl -s $B/asked; curl -s $B/go; wait; cat a/line b/line
_EOC_
--- exec_out
1
MISS 200 1
HIT 200 1



=== TEST 10: an answer that another location or an error page replaces is not kept, nor when the client has left before it came
--- http_config
    proxy_cache_path cache keys_zone=c:1m;
    lua_shared_dict d 1m;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / { content_by_lua_block {
            local d, path = ngx.shared.d, ngx.var.uri
            d:incr("asked", 1, 0)
            repeat ngx.sleep(0.005) until d:get "go"
            ngx.header.cache_control = "max-age=60"
            if path == "/x" then ngx.header.x_accel_redirect = "/elsewhere" else ngx.status = 404 end
            ngx.say "raw"
        } }
        location = /asked { content_by_lua_block { ngx.say(ngx.shared.d:get "asked") } }
        location = /go { content_by_lua_block { ngx.shared.d:set("go", true) } }
    }
--- config
    proxy_cache c;
    proxy_intercept_errors on;
    error_page 404 /page;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /elsewhere { internal; return 200 "elsewhere\n"; }
    location /page { internal; return 200 "page\n"; }
--- exec eval
$::Get . <<'_EOC_';
curl -s $U/x & X=$!; curl -s $U/e & E=$!
until [ "$(curl -s $B/asked)" = 2 ]; do sleep 0.02; done
kill $X $E; wait $X $E 2>/dev/null; curl -s $B/go
sleep 0.3; find cache -type f | wc -l
get /x; get /x; get /e; get /e
_EOC_
--- exec_out
0
MISS 200 elsewhere
MISS 200 elsewhere
MISS 404 page
MISS 404 page



=== TEST 11: without a key an answer belongs to what the server was asked for: captures, changed arguments
--- http_config eval: $::Http
--- config
    proxy_cache c;
    proxy_cache_valid 1h;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /args { rewrite_by_lua_block { ngx.req.set_uri_args("status=" .. ngx.var.http_x_status) } proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location = /captures { content_by_lua_block { for _, path in ipairs { "/a", "/b", "/a" } do ngx.print(ngx.location.capture(path).body) end } }
--- exec eval
$::Get . <<'_EOC_';
get /captures; tr -d ' ' <out; get /a
get /args -H 'X-Status: 200'; get /args -H 'X-Status: 302'; get /args -H 'X-Status: 200'
_EOC_
--- exec_out
 200 /a 1
/a1
/b1
/a1
HIT 200 /a 1
MISS 200 /args 1
MISS 302 /args 2
HIT 200 /args 1



=== TEST 12: an answer that was fetched past the cache replaces its own variant, no other
--- http_config eval: $::Http
--- config
    proxy_cache c;
    proxy_cache_key $uri;
    proxy_cache_bypass $arg_past;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec eval
$::Get . <<'_EOC_';
P='/v?cc=max-age=60&vary=Accept-Language'
get $P -H 'Accept-Language: de'
get "$P&past=1" -H 'Accept-Language: fr'
get $P -H 'Accept-Language: de'; get $P -H 'Accept-Language: fr'
get "$P&past=1" -H 'Accept-Language: de'
get $P -H 'Accept-Language: de'; get $P -H 'Accept-Language: fr'
find cache -type f | wc -l
_EOC_
--- exec_out
MISS 200 /v 1 de
BYPASS 200 /v 2 fr
HIT 200 /v 1 de
HIT 200 /v 2 fr
BYPASS 200 /v 3 de
HIT 200 /v 3 de
HIT 200 /v 2 fr
2
--- no_error_log
[crit]
[error]



=== TEST 13: variables say which cache: one, none, none that there is
--- http_config eval: "proxy_cache_path d keys_zone=other:1m; $::Http"
--- config
    proxy_cache_valid 1h;
    add_header X-Cache $upstream_cache_status always;
    location / { proxy_cache $arg_in; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /lua {
        set $zone off;
        rewrite_by_lua_block { ngx.var.zone = ngx.var.arg_in }
        proxy_cache "$zone";
        proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    }
--- exec eval
$::Get . <<'_EOC_';
for uri in '/a?in=c' '/a?in=c' '/lua?in=other' '/lua?in=other' '/b?in=off' '/b?in=off' '/c' '/c' '/d?in=elsewhere'; do get "$uri"; done
find d cache -type f | sed 's,/.*,,' | sort
grep -o 'cache ".*" not found' logs/error.log
_EOC_
--- exec_out
MISS 200 /a 1
HIT 200 /a 1
MISS 200 /lua 1
HIT 200 /lua 1
 200 /b 1
 200 /b 2
 200 /c 1
 200 /c 2
 500 <html>
cache
d
cache "elsewhere" not found



=== TEST 14: proxy_cache_max_range_offset: a part that is far in is asked for as it is, and not kept
--- http_config eval: $::Http
--- config
    proxy_cache c;
    proxy_cache_valid any 1m;
    add_header X-Cache $upstream_cache_status always;
    proxy_pass_request_headers on;
    location / { proxy_cache_max_range_offset 100; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /all { proxy_cache_max_range_offset 0; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
    location /lock { proxy_cache_max_range_offset 1k; proxy_cache_lock on; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1; }
--- exec eval
$::Get . <<'_EOC_';
asked() { get "$@"; sed -n 's/^X-Asked: //ip' head | tr -d '\r'; }
asked /a -r 100-; asked /a -r -5 -H 'If-None-Match: "z"'; asked /a -r 99-; asked /a -r 3-3; get /a -r 100- | cut -d' ' -f1,2
asked /all -r 0-; asked /all; asked /all -r 0-0
asked /lock -r 2000-; asked /lock -r 2-2; asked /lock -r 3-3
asked '/old?cc=max-age=1' >/dev/null; until get '/old?cc=max-age=1' -r 100- | grep -q EXPIRED; do sleep 0.05; done; sed -n 's/^X-Asked: //ip' head | tr -d '\r'
_EOC_
--- exec_out
MISS 200 /a 1
GET bytes=100- -
MISS 200 /a 2
GET bytes=-5 "z"
MISS 416 <html>
GET - -
HIT 206 3
GET - -
HIT 416
MISS 200 /all 1
GET bytes=0- -
MISS 200 /all 2
GET - -
HIT 206 /
GET - -
MISS 200 /lock 1
GET bytes=2000- -
MISS 206 o
GET - -
HIT 206 c
GET - -
GET bytes=100- -
--- no_error_log
[crit]
