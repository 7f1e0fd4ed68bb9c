# ngx.run_worker_thread, thread_pool and lua_worker_thread_vm_pool_size.
use Test::Nginx::Socket 'no_plan';

no_root_location();
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->request) {
        $block->set_value("request", "GET /t");
    }
    if (!defined $block->http_config) {
        $block->set_value("http_config", 'lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;"; lua_shared_dict dogs 1m;');
    }
    if (!defined $block->user_files) {
        $block->set_value("user_files", <<'_EOC_');
>>> work.lua
local work = {}
function work.two(...) return "a", select("#", ...) end
function work.raise() error("no luck") end
function work.keep(dog)
    ngx.shared.dogs:set("dog", dog, 5)
    return ngx.shared.dogs:incr("n", 1, 0), ngx.shared.dogs:get("other"), ngx.shared.dogs:ttl("dog") > 4
end
function work.wait_for(path)
    local f
    repeat
        f = io.open(path)
    until f
    f:close()
    return "waited"
end
function work.shell(path) return os.execute("cat; kill -TERM $$ >" .. path .. "/none 2>&1") end
function work.prefix() return ngx.config.prefix() end
return work
_EOC_
    }
});

run_tests();

__DATA__

=== TEST 1: results, an error, arguments that are none, other phases
--- main_config
    thread_pool small threads=1 max_queue=2;
--- config
    location /t {
        rewrite_by_lua_block {
            ngx.ctx.said = { ngx.run_worker_thread("default", "work", "two") }
        }
        content_by_lua_block {
            local run = ngx.run_worker_thread
            local function say(...)
                local said = { n = select("#", ...), ... }
                for i = 1, said.n do
                    said[i] = tostring(said[i]):gsub("\n.*", "")
                end
                ngx.say(table.concat(said, ","))
            end
            say(unpack(ngx.ctx.said))
            say(run("small", "work", "two", nil, nil))
            say((select(2, run("small", "work", "raise")):gsub("^.*/", "")))
            say(run("other", "work", "two"))
            say(run("small"))
            say(run({}, "work", "two"))
            say(run("small", {}, "two"))
            say(run("small", "work", print))
            say(run("small", "work", "two", print))
            say(run("small", "none", "two"))
            say(select(2, run("small", "work", "prefix")) == ngx.config.prefix())
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, select(2, pcall(ngx.run_worker_thread, "small", "work", "two")))
        }
    }
--- response_body
true,a,0
true,a,2
work.lua:3: no luck
false,thread pool other not found
false,expecting at least 3 arguments
false,threadpool should be a string
false,module name should be a string
false,function name should be a string
false,unsupported Lua type: LUA_TFUNCTION in the argument
false,module 'none' not found:
true
--- error_log
API disabled in the context of log_by_lua*



=== TEST 2: shared dictionaries, and the clock of the thread
--- config
    location /t {
        content_by_lua_block {
            ngx.shared.dogs:set("other", "Rex")
            ngx.say(ngx.run_worker_thread("default", "work", "keep", "Jim"))
            ngx.say(ngx.shared.dogs:get("dog"), ngx.shared.dogs:get("n"))
        }
    }
--- response_body
true1Rextrue
Jim1
--- no_error_log
[error]



=== TEST 3: as many at a time as there may be machines; a killed thread of a request gives its machine back
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    lua_worker_thread_vm_pool_size 1;
--- config
    location /t {
        content_by_lua_block {
            local file = ngx.config.prefix() .. "go"
            os.remove(file)
            local thread = ngx.thread.spawn(function()
                ngx.run_worker_thread("default", "work", "wait_for", file)
                ngx.say("not reached")
            end)
            ngx.say(ngx.run_worker_thread("default", "work", "two"))
            ngx.thread.kill(thread)
            io.open(file, "w"):close()
            local ok, first
            repeat
                ngx.sleep(0.005)
                ok, first = ngx.run_worker_thread("default", "work", "two")
            until ok
            ngx.say(first)
        }
    }
--- response_body
falseno available Lua vm
a
--- no_error_log
[error]



=== TEST 4: os.execute of a thread leaves the process its signals, and the command gets default ones
--- config
    location /t {
        content_by_lua_block {
            local dir = ngx.config.prefix() .. "html"
            -- the command kills itself by a signal that threads block
            ngx.say(ngx.run_worker_thread("default", "os", "execute", "kill -TERM $$"))
            ngx.say(ngx.run_worker_thread("default", "os", "execute", "exit 3"))
            ngx.say(ngx.run_worker_thread("default", "os", "execute"))
            local thread = ngx.thread.spawn(function()
                return ngx.run_worker_thread("default", "os", "execute", "echo >" .. dir .. "/began; sleep 0.3")
            end)
            local f
            repeat
                ngx.sleep(0.005)
                f = io.open(dir .. "/began")
            until f
            f:close()
            local ignored
            for line in io.lines("/proc/self/status") do
                ignored = line:match("^SigIgn:%s*(%x+)") or ignored
            end
            -- SIGINT and SIGQUIT are bits 1 and 2
            ngx.say(tonumber(ignored:sub(-1), 16) % 8)
            ngx.say(ngx.thread.wait(thread))
        }
    }
--- response_body
true15
true768
true1
0
truetrue0
--- no_error_log
[error]



=== TEST 5: outside of requests, as far as they may wait
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    init_worker_by_lua_block {
        ngx.timer.at(0, function()
            local _, name, count = ngx.run_worker_thread("default", "work", "two", 1)
            ngx.log(ngx.WARN, "timer said ", name, count)
        end)
        ngx.log(ngx.WARN, select(2, pcall(ngx.run_worker_thread, "default", "work", "two")))
    }
--- config
    location /t { return 204; }
--- error_code: 204
--- error_log
timer said a1
API disabled in the context of init_worker_by_lua*
--- no_error_log
[error]



=== TEST 6: pools that are not right
--- config
    location /t { return 204; }
--- error_code: 204
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR; mkdir -p logs
for pool in "a threads=0" "a max_queue=3" "a threads=x" "a threads=2; thread_pool a threads=2" "a threads=2 max_queue=5"; do
    echo "thread_pool $pool; events {}" >a.conf
    $P -t -p . -c a.conf 2>&1 | sed -n 's/.*\[emerg\] //p; s/.*\(test is successful\)/\1/p' | sed 's/ in .*//'
done
--- exec_out
invalid parameter "threads=0"
invalid thread pool "a": no threads=
invalid parameter "threads=x"
duplicate thread pool "a"
test is successful
