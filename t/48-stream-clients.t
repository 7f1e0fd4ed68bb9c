# Clients of stream: those that go while Lua is at work (lua_check_client_abort, ngx.on_abort), those that are not let in.
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('info');

# Connects, sends what `say` says, ends its side (or all of it), and waits until the session has been logged.
our $Client = <<'_EOC_';
    lua_shared_dict done 100k;
    init_by_lua_block {
        function visit(say, closes)
            local s = await(require "perilune.tcp".connect { host = "127.0.0.1", port = $TEST_NGINX_STREAM_PORT })
            await(s:put(say))
            repeat ngx.sleep(0.002) until ngx.shared.done:get "ready"
            if closes then
                s:abort()
            else
                s:close()
            end
            repeat ngx.sleep(0.002) until ngx.shared.done:get "status"
            return ngx.shared.done:get "status", " ", ngx.shared.done:get "how"
        end
        --- Has the client of this session gone? As the kernel tells, for reading would tell Lua, too.
        function is_reset()
            for line in io.lines "/proc/net/tcp" do
                local to, from, state = line:match "^%s*%d+: %x+:(%x+) %x+:(%x+) (%x+)"
                if to and tonumber(to, 16) == $TEST_NGINX_STREAM_PORT and tonumber(from, 16) == tonumber(ngx.var.remote_port) then
                    return state ~= "01"
                end
            end
            return true
        end
        function note(how)
            ngx.shared.done:set("how", (ngx.shared.done:get "how" or "") .. how .. ";")
        end
    }
_EOC_

no_shuffle();
run_tests();

__DATA__

=== TEST 1: what sleeps is ended, cleanups run, the log says why
--- http_config eval: $::Client
--- stream_server_config
    lua_check_client_abort on;
    content_by_lua_block {
        ngx.req.socket():receive()
        ngx.shared.done:set("ready", true)
        ngx.sleep(100)
        note "went on"
    }
    log_by_lua_block { ngx.shared.done:set("status", ngx.var.status) }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("hello\n", true)) } }
--- request
GET /t
--- response_body
499 nil
--- error_log
stream client prematurely closed connection



=== TEST 2: off, which is the default: Lua goes on
--- http_config eval: $::Client
--- stream_server_config
    content_by_lua_block {
        ngx.req.socket():receive()
        ngx.shared.done:set("ready", true)
        repeat ngx.sleep(0.001) until is_reset()
        note "went on"
    }
    log_by_lua_block { ngx.shared.done:set("status", ngx.var.status) }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("hello\n", true)) } }
--- request
GET /t
--- response_body
200 went on;
--- no_error_log
prematurely



=== TEST 3: ngx.on_abort runs instead; it may end the session or let it go on
--- http_config eval: $::Client
--- stream_server_config
    lua_check_client_abort on;
    content_by_lua_block {
        local woken = require "ngx.semaphore".new()
        note(tostring(ngx.on_abort(function() note "told"; woken:post() end)))
        note(select(2, ngx.on_abort(function() end)))
        ngx.req.socket():receive()
        ngx.shared.done:set("ready", true)
        woken:wait(10)
        note "went on"
        ngx.shared.done:set("status", "end")
    }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("hello\n", true)) } }
--- request
GET /t
--- response_body
end 1;duplicate call;told;went on;
--- error_log
stream client prematurely closed connection



=== TEST 4: in preread, too; ngx.exit in on_abort is the end
--- http_config eval: $::Client
--- stream_server_config
    lua_check_client_abort on;
    preread_by_lua_block {
        ngx.on_abort(function() note "told"; ngx.exit(444) end)
        ngx.shared.done:set("ready", true)
        ngx.sleep(100)
        note "went on"
    }
    content_by_lua_block { note "content" }
    log_by_lua_block { ngx.shared.done:set("status", ngx.var.status) }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("", true)) } }
--- request
GET /t
--- response_body_like: ^\d+ told;
--- no_error_log
[error]



=== TEST 5: a read that meets the end says so, with what came before; then whatever waits is ended
--- http_config eval: $::Client
--- stream_server_config
    lua_check_client_abort on;
    content_by_lua_block {
        local sock = ngx.req.socket()
        ngx.shared.done:set("ready", true)
        local data, err, partial = sock:receive()
        note(tostring(data) .. " " .. err .. " " .. partial)
        ngx.sleep(100)
        note "went on"
    }
    log_by_lua_block { ngx.shared.done:set("status", ngx.var.status) }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("part")) } }
--- request
GET /t
--- response_body
499 nil client aborted part;



=== TEST 6: each way to read
--- http_config eval: $::Client
--- stream_server_config
    lua_check_client_abort on;
    content_by_lua_block {
        local sock = ngx.req.socket()
        ngx.shared.done:set("ready", true)
        local function got(data, err, partial)
            note(table.concat({ tostring(data), tostring(err), tostring(partial) }, " "))
        end
        got(sock:receive(3))
        got(sock:receiveuntil("!")())
        got(sock:receiveany(10))
        got(sock:receive "*a")
        ngx.shared.done:set("status", "end")
    }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("abcd!e")) } }
--- request
GET /t
--- response_body
end abc nil nil;d nil nil;e nil nil;nil client aborted ;



=== TEST 7: input that nobody has read yet is no end; once it is read the end shows
--- http_config eval: $::Client
--- stream_server_config
    lua_check_client_abort on;
    content_by_lua_block {
        ngx.shared.done:set("ready", true)
        repeat ngx.sleep(0.001) until is_reset()
        note(ngx.req.socket():receive(5))
        ngx.sleep(100)
        note "went on"
    }
    log_by_lua_block { ngx.shared.done:set("status", ngx.var.status) }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("hello", true)) } }
--- request
GET /t
--- response_body
499 hello;



=== TEST 8: a session that is passed on is its relay's
--- http_config eval: $::Client
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        content_by_lua_block {
            note(ngx.req.socket():receive "*a")
            ngx.shared.done:set("status", "end")
        }
    }
--- stream_server_config
    lua_check_client_abort on;
    preread_by_lua_block { ngx.shared.done:set("ready", true) }
    proxy_pass 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    proxy_half_close on;
--- config
    location = /t { content_by_lua_block { ngx.say(visit("all of it")) } }
--- request
GET /t
--- response_body
end all of it;



=== TEST 9: ngx.say to a client that has gone fails
--- http_config eval: $::Client
--- stream_server_config
    content_by_lua_block {
        ngx.shared.done:set("ready", true)
        repeat
            ngx.sleep(0.002)
            local ok, err = ngx.say "hello"
            if not ok then
                note(err)
            end
        until not ok
        ngx.shared.done:set("status", "end")
    }
--- config
    location = /t { content_by_lua_block { ngx.say(visit("", true)) } }
--- request
GET /t
--- response_body
end nginx output filter error;



=== TEST 10: files are loaded once for all directives that name them, and anew where lua_code_cache is off, which the log says
--- stream_config
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        set $name word;
        content_by_lua_file html/$name.lua;
    }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        lua_code_cache off;
        content_by_lua_file html/word.lua;
    }
--- stream_server_config
    content_by_lua_file html/word.lua;
--- user_files
>>> word.lua
ngx.say "first"
--- config
    location = /t { content_by_lua_block {
        local function ask(port)
            local sock = assert(ngx.socket.connect("127.0.0.1", port))
            return sock:receive()
        end
        local before = ask($TEST_NGINX_STREAM_PORT)
        local f = assert(io.open("$TEST_NGINX_HTML_DIR/word.lua", "w"))
        f:write "ngx.say 'second'"
        f:close()
        ngx.say(before, " ", ask($TEST_NGINX_STREAM_PORT), " ", ask($TEST_NGINX_RAND_PORT_1), " ", ask($TEST_NGINX_RAND_PORT_2))
    } }
--- request
GET /t
--- response_body
first first first second
--- error_log
stream lua_code_cache is off; this will hurt performance



=== TEST 11: allow and deny: refused before preread, with 403 in the log; own rules instead of those around them
--- stream_config
    deny 127.0.0.1;
    log_by_lua_block { ngx.log(ngx.WARN, "status: ", ngx.var.status, ".") }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        preread_by_lua_block { ngx.log(ngx.ERR, "was let in") }
        return "inside";
    }
--- stream_server_config
    allow 127.0.0.0/8;
    deny all;
    return "inside";
--- config
    location = /t { content_by_lua_block {
        for _, port in ipairs { $TEST_NGINX_STREAM_PORT, $TEST_NGINX_RAND_PORT_1 } do
            ngx.say("[", assert(ngx.socket.connect("127.0.0.1", port)):receive "*a", "]")
        end
    } }
--- request
GET /t
--- response_body
[inside]
[]
--- grep_error_log eval: qr/status: \d+|access forbidden by rule|was let in/
--- grep_error_log_out
status: 200
access forbidden by rule
status: 403
