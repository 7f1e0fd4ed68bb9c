# slice and $slice_range: answers that are fetched, and kept, in parts. The origin is another server of the same configuration, which notes
# what it is asked for.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    proxy_cache_path $TEST_NGINX_SERVER_ROOT/cache keys_zone=c:1m;
    lua_shared_dict asked 1m;
    server {
        listen unix:$TEST_NGINX_HTML_DIR/o.sock;
        default_type application/octet-stream;
        location / {
            content_by_lua_block {
                local all = {}
                for i = 0, 999 do all[#all + 1] = string.format("%03d ", i) end
                local whole, range = table.concat(all), ngx.var.http_range
                local args = ngx.req.get_uri_args()
                if ngx.var.uri ~= "/quiet" then ngx.shared.asked:rpush("l", range or "whole") end
                ngx.header.ETag = '"v1"'
                local a, b = (range or ""):match("^bytes=(%d+)-(%d+)$")
                a, b = tonumber(a), tonumber(b)
                if args.etag and a and a >= 1000 then ngx.header.ETag = '"v2"' end
                if args.fails and a and a >= 1000 then ngx.exit(500) end
                if args.whole or not a then ngx.header.Content_Length = #whole return ngx.print(whole) end
                if a >= #whole then ngx.header.Content_Range = "bytes */" .. #whole return ngx.exit(416) end
                b = math.min(b, #whole - 1)
                ngx.status = 206
                ngx.header.Content_Range = string.format("bytes %d-%d/%s", args.shift and a + 1 or a, b, args.star and "*" or #whole)
                if args.cut and a >= 1000 or args.cut0 then b = b - 1 end
                if not args.chunked then ngx.header.Content_Length = b - a + 1 end
                if ngx.var.uri == "/quiet" and a >= 1000 then ngx.header.Set_Cookie = "a=b; path=/long/path" end
                if args.to then ngx.header.X_Accel_Redirect = args.to end
                ngx.print(whole:sub(a + 1, b + 1))
            }
        }
    }
_EOC_
our $Config = <<'_EOC_';
    location / {
        slice 1000;
        proxy_cache c;
        proxy_cache_key $uri$is_args$args$slice_range;
        proxy_cache_valid 200 206 1h;
        proxy_set_header Range $slice_range;
        proxy_http_version 1.1;
        add_header X-S $upstream_cache_status;
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/o.sock;
    }
    location /plain/ {
        slice 1500;
        proxy_set_header Range $slice_range;
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/o.sock:/;
    }
    location ~ ^/re/(.*) {
        slice 3k;
        proxy_set_header Range $slice_range;
        gzip on; gzip_types *; gzip_min_length 1;
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/o.sock:/$1?$args;
    }
    location ~ ^/matched/(.*) {
        slice 1000;
        proxy_set_header Range $slice_range;
        proxy_cookie_path ~^/long/(.+)$ /$1;
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/o.sock:/$1;
    }
    location /unranged/ {
        slice 1000;
        max_ranges 0;
        proxy_set_header Range $slice_range;
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/o.sock:/;
    }
    location /passed/ {
        proxy_pass http://unix:$TEST_NGINX_HTML_DIR/o.sock:/;
    }
    location /absent { error_page 404 /plain/quiet; return 404; }
    location /instead { error_page 404 = /plain/quiet; return 404; }
    location = /asked {
        content_by_lua_block {
            local l = {}
            while true do
                local v = ngx.shared.asked:lpop("l")
                if not v then break end
                l[#l + 1] = v:gsub("bytes=", "")
            end
            ngx.say(table.concat(l, " "))
        }
    }
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    $block->set_value("http_config", $::Http);
    $block->set_value("config", $::Config);
});

run_tests();

__DATA__

=== TEST 1: the whole, in parts; kept parts are not asked for again; the head is that of the whole
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s $u/a | md5sum; curl -s $u/asked
curl -s $u/a | md5sum; curl -s $u/asked
curl -si $u/a | sed '/^\r$/q' | grep -iE '^(HTTP|Content|ETag|Accept|X-S)' | tr -d '\r'
curl -sI $u/a | grep -iE '^(HTTP|Content-L)' | tr -d '\r'; curl -s $u/asked
curl -s $u/plain/quiet?whole=1 | md5sum
--- exec_out
8f82a4b8bbec38449c8185b3aa981b37  -
0-999 1000-1999 2000-2999 3000-3999
8f82a4b8bbec38449c8185b3aa981b37  -

HTTP/1.1 200 OK
Content-Type: application/octet-stream
Content-Length: 4000
ETag: "v1"
Accept-Ranges: bytes
X-S: HIT
HTTP/1.1 200 OK
Content-Length: 4000

8f82a4b8bbec38449c8185b3aa981b37  -



=== TEST 2: ranges: only the parts that are wanted are fetched
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
ask() { curl -s -r $1 -w ' %{http_code} %{size_download}\n' $u/$2; curl -s $u/asked; }
ask 2000-2003 a
ask 1996-2003 a
ask 1996-2003 a
ask 3996- a
ask -4 a
ask 0-3 b
ask 0-3,8-11 c | sed 's/^000.*999 *//'
ask 5000- d | tail -2
curl -s -r 1200-1203 $u/plain/a; curl -s $u/asked
curl -s -r 2000-2003 -H 'If-Range: "v1"' $u/plain/a; curl -s $u/asked
curl -s -r 2000-2003 -H 'If-Range: "v0"' $u/plain/a | wc -c; curl -s $u/asked
curl -si -r 1996-2003 $u/a | grep -iE '^(HTTP|Content-[LR])' | tr -d '\r'
--- exec_out
500  206 4
2000-2999
499 500  206 8
1000-1999
499 500  206 8

999  206 4
3000-3999
999  206 4
0-999
000  206 4
0-999
200 4000
0-999 1000-1999 2000-2999 3000-3999
 416 212
5000-5999
300 0-1499
500 0-1499 1500-2999
4000
0-1499 1500-2999 3000-4499
HTTP/1.1 206 Partial Content
Content-Length: 8
Content-Range: bytes 1996-2003/4000



=== TEST 3: conditions; a target of a regular expression, compressed on the way
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s -o /dev/null -w '%{http_code}\n' -H 'If-None-Match: "v1"' $u/e
curl -s -o /dev/null -w '%{http_code}\n' -H 'If-None-Match: "v1"' $u/e
curl -s -o /dev/null -w '%{http_code}\n' -H 'If-Match: "v0"' $u/e
curl -s $u/asked
curl -s --compressed $u/re/quiet?a=b | md5sum
curl -si -H 'Accept-Encoding: gzip' $u/re/quiet?a=b | grep -ac '^Content-Encoding: gzip'
--- exec_out
304
304
412
0-999
8f82a4b8bbec38449c8185b3aa981b37  -
1



=== TEST 4: a server that knows no ranges; one whose answer changes, fails, or is no part
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s -w ' %{http_code} %{size_download}\n' -o /dev/null $u/a?whole=1; curl -s $u/asked
for a in etag fails cut shift star; do curl -s -w "$a %{http_code} %{size_download}" -o /dev/null $u/a?$a=1; echo " $?"; done
curl -s $u/asked
--- exec_out
 200 4000
0-999
etag 200 1000 18
fails 200 1000 18
cut 200 1000 18
shift 502 172 0
star 502 172 0
0-999 1000-1999 0-999 1000-1999 0-999 1000-1999 0-999 0-999
--- error_log
etag mismatch in slice response: status 206, slice at 1000
unexpected status code in slice response: status 500, slice at 1000
wrong size in slice response: status 206, slice at 1000
unexpected range in slice response: status 206, slice at 0
invalid range in slice response: status 206, slice at 0



=== TEST 5: a client that is slow, or goes away, holds the rest back
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
bash -c 'exec 3<>/dev/tcp/127.0.0.1/$TEST_NGINX_SERVER_PORT; printf "GET /a HTTP/1.1\r\nHost: a\r\n\r\n" >&3; head -c 15 <&3'; echo
curl -s --limit-rate 5k $u/a | md5sum
--- exec_out
HTTP/1.1 200 OK
8f82a4b8bbec38449c8185b3aa981b37  -


=== TEST 6: a Range that is not heeded is no reason to begin elsewhere
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
for r in 2000-1000 2000-2003x; do curl -s -H "Range: bytes=$r" $u/plain/quiet | md5sum; curl -s -H "Range: bytes=$r" $u/a | md5sum; done
curl -s -r 2000-2003 $u/unranged/a | md5sum; curl -s $u/asked
for n in 9223372036854775807 9223372036854774999; do curl -s -o /dev/null -w '%{http_code}\n' -r $n- $u/plain/b; done; curl -s $u/asked
--- exec_out
8f82a4b8bbec38449c8185b3aa981b37  -
8f82a4b8bbec38449c8185b3aa981b37  -
8f82a4b8bbec38449c8185b3aa981b37  -
8f82a4b8bbec38449c8185b3aa981b37  -
8f82a4b8bbec38449c8185b3aa981b37  -
2000-2999 0-999 1000-1999 3000-3999 2000-2999 0-999 1000-1999 2000-2999 3000-3999
416
416
0-1499 0-1499



=== TEST 7: another location is another answer; what a part matches is its own; pages of errors
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s -r 1996-2003 -w ' %{http_code}\n' "$u/plain/quiet?to=/passed/quiet"
for l in absent instead; do curl -s -r 2000-2003 -o /dev/null -w '%{http_code} %{size_download}\n' $u/$l; done
curl -s $u/matched/quiet | md5sum; echo "[$(curl -s $u/asked)]"
--- exec_out
499 500  206
404 4000
206 4
8f82a4b8bbec38449c8185b3aa981b37  -
[]



=== TEST 8: kept parts: their age; a first part that is shorter than it says, its size told or not
--- exec
u=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
curl -s -o /dev/null $u/a; curl -si $u/a | grep -c ^Age:
for a in cut0=1 'cut0=1&chunked=1'; do
    for i in 1 2; do curl -s -w "%{http_code} %{size_download}" -o /dev/null "$u/a?$a"; echo " $?"; done
done
--- exec_out
1
502 172 0
502 172 0
200 999 18
502 172 0
--- error_log
wrong size in slice response: status 206, slice at 0
wrong size in slice response: slice at 0



=== TEST 9: a part is held in memory: it may not be as large as one likes
--- exec
printf 'events {}\nhttp { server { listen 127.0.0.1:%s; slice 257m; } }\n' "$TEST_NGINX_RAND_PORT_1" >$TEST_NGINX_SERVER_ROOT/x.conf
${TEST_NGINX_BINARY:-build/perilune} -t -c $TEST_NGINX_SERVER_ROOT/x.conf 2>&1 | sed -n 's/.*\[emerg\] //;s/ in .*x.conf.*//;1p'
--- exec_out
"slice" is more than 256m
