# Many connections that are readable in the same turn of the loop are received from, and answered, together: each gets what
# is its own, whole and in order, whatever the others do; with io_uring and without.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
cd $TEST_NGINX_HTML_DIR
mkdir logs
for mode in on off; do
    cat >$mode.conf <<EOF
error_log logs/error.log; pid $mode.pid; daemon off; worker_processes 1; master_process off;
events { io_uring $mode; }
http {
    access_log off;
    lua_package_path "$PWD/?.lua;;";
    server { listen unix:$PWD/$mode.sock; location / { client_max_body_size 0; handler app; } }
}
EOF
    $TEST_NGINX_BINARY -p . -c $mode.conf & pid=$!
    for i in $(seq 1200); do [ -s $mode.pid ] && break; sleep 0.05; done
    said=$(timeout 100 $TEST_NGINX_BINARY run main.lua $mode.sock)
    # whether the system has a ring is not ours to say
    [ $mode = off ] && said="$said, rings: $(ls -l /proc/$pid/fd | grep -c io_uring)"
    echo "$mode: $said"
    kill -QUIT $pid; wait $pid
done
grep -c 'emerg\|alert\|crit\|\[error' logs/error.log || true
_EOC_
our $Files = <<'_EOC_';
>>> app.lua
local await = require "perilune.deferred".await
return function(req)
    local size = tonumber(req.path:match("%d+"))
    local body = await(req:text())
    return { status = 200, body = #body .. ":" .. body:sub(-20) .. ":" .. ("x"):rep(size) .. ":" .. req.path }
end
>>> main.lua
local task, tcp = require "perilune.task", require "perilune.tcp"
local await = require "perilune.deferred".await
local PATH, CLIENTS, ROUNDS = arg[1], 150, 12
local good, bad = 0, {}

-- A request whose head, body and answer are small or larger than what is received at once.
local function request(i, round)
    local body = ("b"):rep((i * 7919 + round * 104729) % (round % 4 == 0 and 40000 or 300)) .. "end" .. i
    local size = (i * 31 + round * 17) % (round % 5 == 0 and 30000 or 200)
    local path = "/" .. size .. "/" .. i .. "/" .. round
    local pad = ("p"):rep(i % 3 == 0 and 5000 or 5)
    return "POST " .. path .. " HTTP/1.1\r\nHost: a\r\nX-Pad: " .. pad .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body,
        #body .. ":" .. body:sub(-20) .. ":" .. ("x"):rep(size) .. ":" .. path
end

-- The next answer; `rests` has what came behind the one before.
local rests = {}
local function more(s, rest) return rest .. (await(s:take()) or error("the connection has ended")) end
local function answer(s)
    local rest = rests[s] or ""
    while not rest:find("\r\n\r\n", 1, true) do rest = more(s, rest) end
    local head, at = rest:match("^(.-\r\n\r\n)()")
    local length = tonumber(head:match("[Cc]ontent%-[Ll]ength: (%d+)"))
    while #rest < at - 1 + length do rest = more(s, rest) end
    rests[s] = rest:sub(at + length)
    return rest:sub(at, at + length - 1)
end

local function connect() return await(tcp.connect { path = PATH }) end

local function client(i)
    local s = connect()
    for round = 1, ROUNDS do
        local texts, wants = {}, {}
        for k = 1, i % 4 == 0 and 3 or 1 do -- pipelined
            texts[k], wants[k] = request(i, round * 10 + k)
        end
        local all = table.concat(texts)
        local cut = i % 5 == 0 and #all / 2 or #all
        await(s:put(all:sub(1, cut)))
        if cut < #all then
            task.sleep(0.001)
            await(s:put(all:sub(cut + 1)))
        end
        for k = 1, #wants do
            local got = answer(s)
            if got == wants[k] then good = good + 1 else bad[#bad + 1] = i .. "/" .. round .. ": " .. tostring(got):sub(1, 60) end
        end
        if i % 11 == 0 and round % 4 == 0 then -- leaves, with a request half sent
            await(s:put("GET /1 HTTP/1.1\r\nHo"))
            s:close()
            s = connect()
        end
    end
    s:close()
end

local all = {}
for i = 1, CLIENTS do all[i] = task.spawn(client, i) end
for i = 1, CLIENTS do await(all[i]) end
local expected = 0
for i = 1, CLIENTS do expected = expected + ROUNDS * (i % 4 == 0 and 3 or 1) end
io.write(tostring(good == expected), " ", #bad, bad[1] and " " .. bad[1] or "")
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->user_files) {
        $block->set_value("user_files", $Files);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 120);
    }
});
run_tests();

__DATA__

=== TEST 1: 150 clients at once
--- config
    location / { return 204; }
--- exec_out
on: true 0
off: true 0, rings: 0
0



=== TEST 2: io_uring is on or off
--- config
    location / { return 204; }
--- user_files
--- exec
cd $TEST_NGINX_SERVROOT
printf 'events { io_uring maybe; }\nhttp { server { listen 127.0.0.1:%s; } }\n' "$TEST_NGINX_RAND_PORT_1" >x.conf
$TEST_NGINX_BINARY -t -c $PWD/x.conf 2>&1 | sed -n 's/.*\[emerg\] //;s/ in .*x.conf.*//;1p'
rm x.conf
--- exec_out
invalid value "maybe"
