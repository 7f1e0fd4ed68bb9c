# A client that is slow to take its answer does not keep the server: what it has not taken is in memory, then in a file. The server notes
# when the last byte of its answer has left; the client takes nothing until it reads that.
use Test::Nginx::Socket 'no_plan';

no_root_location();
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->no_error_log) {
        $block->set_value("no_error_log", "[alert]\n[crit]");
    }
});

our $Origin = <<'_EOC_';
    lua_shared_dict sent 1m;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        location / {
            content_by_lua_block {
                local n, sent = tonumber(ngx.var.arg_n), ngx.shared.sent
                ngx.header["ETag"], ngx.header["Cache-Control"] = '"' .. n .. '"', "max-age=60"
                ngx.header["Content-Length"] = ngx.var.arg_cut and 999999999 or n * 1048576
                for i = 1, n do
                    ngx.print(string.rep(string.char(96 + i % 26), 1048576))
                    ngx.flush(true)
                    sent:set("mb", i)
                end
                sent:set("all", true)
            }
        }
    }
_EOC_

# Sends a request for `path`, takes only its head, waits until the server has sent all or has come to `most` and stays there, then counts the rest.
our $Client = <<'_EOC_';
    location = /slow {
        content_by_lua_block {
            local sent = ngx.shared.sent
            sent:flush_all()
            local function is_still(value)
                for _ = 1, 30 do
                    ngx.sleep(0.01)
                    if sent:get("mb") ~= value then return false end
                end
                return true
            end
            local sock = ngx.socket.tcp()
            sock:settimeout(60000)
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            sock:send("GET " .. ngx.unescape_uri(ngx.var.arg_path) .. " HTTP/1.0\r\nHost: t\r\n\r\n")
            repeat local line = assert(sock:receive()) until line == ""
            if ngx.var.arg_waits == "stuck" then
                repeat ngx.sleep(0.01) until sent:get("mb") and is_still(sent:get("mb"))
                ngx.say(sent:get("all") and "all was taken" or "the server waits")
            else
                repeat ngx.sleep(0.01) until sent:get("all")
                ngx.say("the server is free")
            end
            local n, letters, last = 0, {}, nil
            while true do
                local data, err, part = sock:receive(65536)
                data = data or part
                n = n + #data
                for i = 1, #data, 4096 do
                    local c = data:sub(i, i)
                    if c ~= last then letters[#letters + 1], last = c, c end
                end
                if err then break end
            end
            ngx.say(n, " ", table.concat(letters))
        }
    }
_EOC_

run_tests();

__DATA__

=== TEST 1: the server is free though the client takes nothing; it gets everything in its order, from memory and the file
--- http_config eval: $::Origin
--- config eval
$::Client . 'location /p { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }'
--- request
GET /slow?path=/p?n=40
--- response_body
the server is free
41943040 abcdefghijklmnopqrstuvwxy`abcdefghijklmn
--- error_log
an upstream response is buffered to a temporary file



=== TEST 2: without a file, or beyond its size, or without buffering the server waits
--- http_config eval: $::Origin
--- config eval
$::Client . <<'_EOC_';
    location /none { proxy_max_temp_file_size 0; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /little { proxy_max_temp_file_size 1m; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /off { proxy_buffering off; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
_EOC_
--- exec
for u in none little off; do curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow?waits=stuck&path=/$u?n=40"; done
--- exec_out
the server waits
41943040 abcdefghijklmnopqrstuvwxy`abcdefghijklmn
the server waits
41943040 abcdefghijklmnopqrstuvwxy`abcdefghijklmn
the server waits
41943040 abcdefghijklmnopqrstuvwxy`abcdefghijklmn
--- timeout: 60



=== TEST 3: proxy_buffers hold it without a file; an answer that is cut is cut behind what was kept
--- http_config eval: $::Origin
--- config eval
$::Client . <<'_EOC_';
    location /memory { proxy_max_temp_file_size 0; proxy_buffers 64 1m; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location /cut { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
_EOC_
--- exec
for u in memory?n=30 cut?n=30%26cut=1; do curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow?path=/$u"; done
--- exec_out
the server is free
31457280 abcdefghijklmnopqrstuvwxy`abcd
the server is free
31457280 abcdefghijklmnopqrstuvwxy`abcd
--- error_log
upstream prematurely closed connection
--- timeout: 60



=== TEST 4: what a slow client asked for is in the cache before it has it
--- http_config eval
$::Origin . 'proxy_cache_path $TEST_NGINX_SERVER_ROOT/ahead keys_zone=ahead:1m;'
--- config eval
$::Client . <<'_EOC_';
    location /p { proxy_cache ahead; add_header X-Cache $upstream_cache_status; proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
    location = /both {
        content_by_lua_block {
            local sock = ngx.socket.tcp()
            assert(sock:connect("127.0.0.1", ngx.var.server_port))
            sock:send("GET /p?n=30 HTTP/1.0\r\nHost: t\r\n\r\n")
            repeat local line = assert(sock:receive()) until line == ""
            local status
            repeat
                ngx.sleep(0.01)
                local res = require("perilune.http").get("http://127.0.0.1:" .. ngx.var.server_port .. "/p?n=30", { as = "string" }):await()
                status = res.headers["X-Cache"]
            until status == "HIT"
            ngx.say(status)
            sock:close()
        }
    }
_EOC_
--- request
GET /both
--- response_body
HIT



=== TEST 5: proxy_temp_path is made, and used; settings are checked
--- http_config eval: $::Origin
--- config eval
$::Client . <<'_EOC_';
    proxy_temp_path $TEST_NGINX_SERVER_ROOT/spooled 1 2;
    location /p { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
_EOC_
--- request
GET /slow?path=/p?n=40
--- response_body
the server is free
41943040 abcdefghijklmnopqrstuvwxy`abcdefghijklmn
--- error_log
/spooled/



=== TEST 6: one buffer is too few
--- config
    location /p { proxy_buffers 1 4k; proxy_pass http://127.0.0.1:1; }
--- must_die
--- error_log
there must be at least 2 "proxy_buffers"



=== TEST 7: a file that cannot be made, or takes no more, is done without: the server waits, the client gets everything
--- http_config eval: $::Origin
--- config eval
$::Client . <<'_EOC_';
    proxy_temp_path $TEST_NGINX_SERVER_ROOT/gone;
    location /p { proxy_pass http://127.0.0.1:$TEST_NGINX_RAND_PORT_1/; }
_EOC_
--- user_files eval
">>> full.conf\ndaemon off; master_process off; pid full.pid; error_log full.log;\nevents {}\nhttp {\naccess_log off; proxy_temp_path spooled;\n$::Origin\n" .
    "server { listen 127.0.0.1:\$TEST_NGINX_RAND_PORT_2; location /p { proxy_pass http://127.0.0.1:\$TEST_NGINX_RAND_PORT_1/; }\n$::Client\n} }\n"
--- exec
rm -r $TEST_NGINX_SERVER_ROOT/gone
curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/slow?waits=stuck&path=/p?n=40"
cd $TEST_NGINX_HTML_DIR
sed -i "s/$TEST_NGINX_RAND_PORT_1/$TEST_NGINX_RAND_PORT_3/" full.conf
(trap '' XFSZ; ulimit -f 30000; exec $TEST_NGINX_BINARY -p . -c full.conf) & pid=$!
for i in $(seq 600); do [ -s full.pid ] && break; sleep 0.05; done
curl -s "http://127.0.0.1:$TEST_NGINX_RAND_PORT_2/slow?waits=stuck&path=/p?n=40"
grep -c 'buffering an upstream response in .*spooled" failed (larger than the limit): it is read as' full.log
kill -QUIT $pid; wait $pid
--- exec_out
the server waits
41943040 abcdefghijklmnopqrstuvwxy`abcdefghijklmn
the server waits
41943040 abcdefghijklmnopqrstuvwxy`abcdefghijklmn
1
--- error_log
/gone" failed (not found): it is read as fast as the client takes it
--- no_error_log
[alert]
--- timeout: 60
