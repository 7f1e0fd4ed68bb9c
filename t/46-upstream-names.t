# Servers of an upstream that are names: each address is a server, they come and go while the program runs.
use Test::Nginx::Socket 'no_plan';

no_root_location();

# A name server whose zone is a dictionary, what tells of a group, and an origin at four addresses that says which
# one was reached.
our $World = <<'_EOC_';
    lua_shared_dict zone 100k;
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        listen 127.0.0.2:$TEST_NGINX_RAND_PORT_1;
        listen 127.0.0.3:$TEST_NGINX_RAND_PORT_1;
        listen 127.0.0.4:$TEST_NGINX_RAND_PORT_1;
        location / { echo -n $server_addr; }
        location /health { content_by_lua_block { ngx.exit(ngx.var.server_addr == "127.0.0.3" and 500 or 204) } }
    }
    init_by_lua_block {
        local json, upstream = require "perilune.json", require "ngx.upstream"

        --- The records of a name: "127.0.0.2 127.0.0.3" or an array; nil: there is no such name.
        function zone(name, records, kind)
            local list = records
            if type(records) == "string" then
                list = {}
                for address in records:gmatch "%S+" do
                    list[#list + 1] = { address = address, ttl = 1 }
                end
            end
            ngx.shared.zone:set(name .. " " .. (kind or "A"), list and json.encode(list))
        end

        --- The servers of a group, backups behind a bar.
        function peers(group)
            local all = {}
            for _, get in ipairs { upstream.get_primary_peers, upstream.get_backup_peers } do
                local names = {}
                for i, p in ipairs(get(group)) do
                    names[i] = p.name:gsub(":$TEST_NGINX_RAND_PORT_1$", "") .. (p.weight > 1 and "*" .. p.weight or "") .. (p.down and "-" or "")
                end
                table.sort(names)
                all[#all + 1] = #names > 0 and table.concat(names, " ") or nil
            end
            return table.concat(all, " | ")
        end

        --- Waits until the group has these servers.
        function becomes(group, names)
            repeat ngx.sleep(0.005) until peers(group) == names
        end

        --- Whom that many requests reach, in order of the addresses.
        function reached(n)
            local all = {}
            for i = 1, n do
                local res = ngx.location.capture("/u")
                all[i] = res.status == 200 and res.body or tostring(res.status)
            end
            table.sort(all)
            return (table.concat(all, " "):gsub("127%.0%.0", ""))
        end
    }
_EOC_
our $Dns = <<'_EOC_';
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_2 udp;
        content_by_lua_block {
            local message, json = require "perilune.dns.message", require "perilune.json"
            local sock = ngx.req.socket()
            local query = message.read_query(sock:receive())
            local found = ngx.shared.zone:get(query.name .. " " .. query.type)
            local answers = found and json.decode(found) or {}
            for _, r in ipairs(answers) do
                r.name, r.type, r.ttl = query.name, query.type, r.ttl or 1
            end
            local rcode = ngx.shared.zone:get "rcode" or #answers == 0 and query.type ~= "AAAA" and 3 or 0
            local soa = { name = "test", type = "SOA", ttl = 1, mname = "ns.test", rname = "root.test", serial = 1, refresh = 1,
                retry = 1, expire = 1, minimum = 1 }
            local reply = message.write_reply(query, { rcode = rcode, answers = rcode == 0 and answers or {},
                authority = #answers == 0 and { soa } or nil })
            ngx.print(#answers > 0 and reply:sub(1, -1 - (ngx.shared.zone:get("cut " .. query.type) or 0)) or reply)
        }
    }
_EOC_

no_shuffle();
run_tests();

__DATA__

=== TEST 1: addresses come and go; those that stay keep what is known of them; a name that is gone has no servers
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    upstream u { resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server app.test:$TEST_NGINX_RAND_PORT_1 resolve weight=2; }
_EOC_
--- config
    location = /u { proxy_pass http://u; }
    location = /t { content_by_lua_block {
        becomes("u", "")
        ngx.say(reached(1))
        zone("app.test", "127.0.0.2 127.0.0.3")
        becomes("u", "127.0.0.2*2 127.0.0.3*2")
        ngx.say(reached(4))
        for i, p in ipairs(require "ngx.upstream".get_primary_peers "u") do
            if p.name:find "%.3" then
                assert(require "ngx.upstream".set_peer_down("u", false, p.id, true))
            end
        end
        zone("app.test", "127.0.0.3 127.0.0.4 127.0.0.1")
        becomes("u", "127.0.0.1*2 127.0.0.3*2- 127.0.0.4*2")
        ngx.say(reached(4))
        zone("app.test")
        becomes("u", "")
        ngx.say(reached(1))
        zone("app.test", "127.0.0.3")
        becomes("u", "127.0.0.3*2")
        ngx.say(reached(2))
    } }
--- request
GET /t
--- response_body
502
.2 .2 .3 .3
.1 .1 .4 .4
502
.3 .3
--- error_log
no live upstreams while connecting to upstream



=== TEST 2: without resolve a name that nobody knows stands for itself; name servers that fail change nothing
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
    upstream u { server app.test:$TEST_NGINX_RAND_PORT_1; server 127.0.0.4:$TEST_NGINX_RAND_PORT_1 backup; server localhost:1 down; }
_EOC_
--- config
    location = /u { proxy_pass http://u; }
    location = /t { content_by_lua_block {
        ngx.say(peers "u")
        zone("app.test", "127.0.0.2 127.0.0.3")
        becomes("u", "127.0.0.2 127.0.0.3 localhost:1- | 127.0.0.4")
        ngx.say(reached(4))
        ngx.shared.zone:set("rcode", 2)
        local log = io.open("$TEST_NGINX_SERVER_ROOT/logs/error.log")
        repeat ngx.sleep(0.005) log:seek "set" until log:read "*a":find 'resolving "app.test" of upstream "u"'
        log:close()
        ngx.say(peers "u")
        ngx.shared.zone:delete "rcode"
        zone("app.test")
        becomes("u", "app.test localhost:1- | 127.0.0.4")
        ngx.say(reached(1))
    } }
--- request
GET /t
--- response_body
app.test localhost:1- | 127.0.0.4
.2 .2 .3 .3
127.0.0.2 127.0.0.3 localhost:1- | 127.0.0.4
.4
--- error_log
resolving "app.test" of upstream "u"



=== TEST 3: service: ports, weights and priorities of SRV records
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2 ipv6=off;
    upstream u { server app.test service=http resolve; }
    upstream dotted { server app.test service=_web._tcp.eu resolve weight=7; }
    upstream second { server 127.0.0.1; server app.test service=http resolve backup; }
_EOC_
--- config
    location = /u { proxy_pass http://u; }
    location = /t { content_by_lua_block {
        local port = $TEST_NGINX_RAND_PORT_1
        zone("one.test", "127.0.0.1")
        zone("two.test", "127.0.0.2")
        zone("three.test", "127.0.0.3 127.0.0.4")
        local records = {
            { priority = 10, weight = 1, port = port, target = "one.test" },
            { priority = 10, weight = 3, port = port, target = "two.test" },
            { priority = 20, weight = 0, port = port, target = "three.test" },
        }
        zone("_http._tcp.app.test", records, "SRV")
        zone("_web._tcp.eu.app.test", records, "SRV")
        becomes("u", "127.0.0.1 127.0.0.2*3 | 127.0.0.3 127.0.0.4")
        ngx.say(reached(4))
        becomes("dotted", "127.0.0.1*7 127.0.0.2*7 | 127.0.0.3*7 127.0.0.4*7")
        becomes("second", "127.0.0.1:80 | 127.0.0.1 127.0.0.2*3")
        zone("_http._tcp.app.test", { records[3] }, "SRV")
        becomes("u", "127.0.0.3 127.0.0.4")
        ngx.say(reached(2))
        zone("_http._tcp.app.test", nil, "SRV")
        becomes("u", "")
        ngx.say(reached(1))
    } }
--- request
GET /t
--- response_body
.1 .2 .2 .2
.3 .4
502



=== TEST 4: one worker asks, all know
--- master_on
--- workers: 3
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
    upstream u { server app.test:$TEST_NGINX_RAND_PORT_1 resolve; }
    upstream shared { zone shared 64k; server app.test:$TEST_NGINX_RAND_PORT_1 resolve fail_timeout=1h; }
_EOC_
--- config
    location = /set { content_by_lua_block { zone("app.test", ngx.var.arg_to and ngx.unescape_uri(ngx.var.arg_to)) becomes("u", ngx.unescape_uri(ngx.var.arg_to)) } }
    location = /peers { content_by_lua_block { ngx.say(peers "u", " of ", ngx.worker.id()) } }
--- exec
get() { curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT$1"; }
# what all workers say, two at least
all() { n=0; : >all; while [ "$(sort -u all | wc -l)" -lt 2 ] || [ $n -lt 60 ]; do get /peers >>all; n=$((n + 1)); [ $n = 1000 ] && break; done; sort -u all; }
cd $TEST_NGINX_SERVER_ROOT
get /set?to=127.0.0.2+127.0.0.3
all
get /set?to=127.0.0.3+127.0.0.4
all | sed 's/ of .*//' | sort -u
--- exec_out_like
^127.0.0.2 127.0.0.3 of \d
(?:127.0.0.2 127.0.0.3 of \d
)+127.0.0.3 127.0.0.4



=== TEST 5: sessions of stream
--- http_config eval: $::World
--- stream_config eval
$::Dns . <<'_EOC_';
    server { listen 127.0.0.2:$TEST_NGINX_RAND_PORT_3; listen 127.0.0.3:$TEST_NGINX_RAND_PORT_3; return $server_addr; }
    upstream u { resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2; resolver_timeout 5s; server app.test:$TEST_NGINX_RAND_PORT_3 resolve; }
    server {
        listen 127.0.0.1:$TEST_NGINX_RAND_PORT_3;
        preread_by_lua_block {
            repeat ngx.sleep(0.005) until #require "ngx.upstream".get_primary_peers "u" == 2
        }
        proxy_pass u;
    }
_EOC_
--- config
    location = /t { content_by_lua_block {
        zone("app.test", "127.0.0.2 127.0.0.3")
        local all = {}
        for i = 1, 4 do
            local sock = assert(ngx.socket.connect("127.0.0.1", $TEST_NGINX_RAND_PORT_3))
            all[i] = sock:receive "*a"
        end
        table.sort(all)
        ngx.say(table.concat(all, " "))
    } }
--- request
GET /t
--- response_body
127.0.0.2 127.0.0.2 127.0.0.3 127.0.0.3



=== TEST 6: health checks ask those who have come; a mandatory one before they are given anything
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    upstream u { resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server app.test:$TEST_NGINX_RAND_PORT_1 resolve; }
_EOC_
--- config
    location = /u { proxy_pass http://u/; health_check interval=10ms uri=/health mandatory; }
    location = /t { content_by_lua_block {
        local function healths()
            local all = {}
            for _, p in ipairs(require "ngx.upstream".get_primary_peers "u") do
                all[#all + 1] = (p.name:match "^%d+%.%d+%.%d+(%.%d+)" or p.name) .. " " .. p.health
            end
            table.sort(all)
            return table.concat(all, ", ")
        end
        zone("app.test", "127.0.0.2 127.0.0.3")
        repeat ngx.sleep(0.005) until healths() == ".2 up, .3 unhealthy"
        ngx.say(reached(2))
        zone("app.test", "127.0.0.3 127.0.0.4")
        repeat ngx.sleep(0.005) until healths() == ".3 unhealthy, .4 up"
        ngx.say(reached(2))
    } }
--- request
GET /t
--- response_body
.2 .2
.4 .4



=== TEST 7: with a consistent hash a key stays with its server while that is there
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    upstream u { resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2; hash $arg_k consistent; server app.test:$TEST_NGINX_RAND_PORT_1 resolve; }
_EOC_
--- config
    location = /u { proxy_pass http://u; }
    location = /t { content_by_lua_block {
        local function where()
            local at = {}
            for k = 1, 40 do
                at[k] = ngx.location.capture("/u?k=" .. k).body
            end
            return at
        end
        zone("app.test", "127.0.0.2 127.0.0.3")
        becomes("u", "127.0.0.2 127.0.0.3")
        local before = where()
        zone("app.test", "127.0.0.2 127.0.0.3 127.0.0.4")
        becomes("u", "127.0.0.2 127.0.0.3 127.0.0.4")
        local moved, elsewhere = 0, 0
        for k, at in ipairs(where()) do
            moved = moved + (at == "127.0.0.4" and 1 or 0)
            elsewhere = elsewhere + (at ~= before[k] and at ~= "127.0.0.4" and 1 or 0)
        end
        ngx.say(moved > 0 and moved < 40, " ", elsewhere)
    } }
--- request
GET /t
--- response_body
true 0



=== TEST 8: a request that waits for an address that has gone gets its answer
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    upstream u { resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2; server app.test:$TEST_NGINX_RAND_PORT_3 resolve; }
    server { listen 127.0.0.2:$TEST_NGINX_RAND_PORT_3; location / { content_by_lua_block {
        zone("app.test", "127.0.0.3")
        becomes("u", "127.0.0.3:$TEST_NGINX_RAND_PORT_3")
        ngx.print "waited"
    } } }
_EOC_
--- config
    location = /u { proxy_pass http://u; add_header X-Addr $upstream_addr always; }
    location = /t { content_by_lua_block {
        zone("app.test", "127.0.0.2")
        becomes("u", "127.0.0.2:$TEST_NGINX_RAND_PORT_3")
        local res = ngx.location.capture "/u"
        ngx.say(res.body, " ", (res.header["X-Addr"]:gsub(":.*", "")))
        ngx.say(require "ngx.upstream".get_primary_peers("u")[1].conns)
    } }
--- request
GET /t
--- response_body
waited 127.0.0.2
0



=== TEST 9: a service takes resolve
--- http_config
    upstream u { server app.test service=http; }
--- config
--- must_die
--- error_log
service upstream "app.test" requires "resolve" parameter



=== TEST 10: a service has the ports of its records
--- http_config
    upstream u { server app.test:80 service=http resolve; }
--- config
--- must_die
--- error_log
service upstream "app.test:80" may not have port



=== TEST 11: a name that proxy_pass itself gives is a group of its addresses: in turn, and the next when one fails
--- stream_config eval
$::Dns . <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
    server { listen unix:$TEST_NGINX_SERVER_ROOT/html/s.sock; preread_by_lua_block { has_three() } proxy_pass app.test:$TEST_NGINX_RAND_PORT_1; }
    server { listen unix:$TEST_NGINX_SERVER_ROOT/html/again.sock; preread_by_lua_block { has_three() } proxy_pass app.test:$TEST_NGINX_RAND_PORT_1;
             log_by_lua_block { ngx.shared.zone:set("groups", table.concat(require "ngx.upstream".get_upstreams(), " ")) } }
_EOC_
--- http_config eval
$::World . <<'_EOC_';
    init_worker_by_lua_block {
        --- Waits, in a session, until the group has come to its addresses.
        function has_three()
            repeat ngx.sleep(0.001) until #require "ngx.upstream".get_primary_peers "app.test:$TEST_NGINX_RAND_PORT_1" == 3
        end
    }
_EOC_
--- config
    location = /u {
        resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2;
        proxy_pass http://app.test:$TEST_NGINX_RAND_PORT_1;
        add_header X-Tried $upstream_addr always;
    }
    location = /s { proxy_pass http://unix:$TEST_NGINX_SERVER_ROOT/html/$arg_to.sock:/; }
    location = /t { content_by_lua_block {
        local group = "app.test:$TEST_NGINX_RAND_PORT_1"
        local function through(to)
            return ngx.location.capture("/s", { args = { to = to } }).body:sub(-2)
        end
        zone("app.test", "127.0.0.2 127.0.0.3 127.0.0.9")
        becomes(group, "127.0.0.2 127.0.0.3 127.0.0.9")
        ngx.say(reached(6))
        local tried = {}
        for i = 1, 6 do
            tried[i] = through(i % 2 == 0 and "s" or "again")
        end
        table.sort(tried)
        repeat ngx.sleep(0.001) until ngx.shared.zone:get "groups"
        ngx.say(table.concat(tried, " "), " ", ngx.shared.zone:get "groups" == group)
        zone("app.test", "127.0.0.4")
        becomes(group, "127.0.0.4")
        ngx.say(reached(2))
    } }
--- request
GET /t
--- response_body
.2 .2 .2 .3 .3 .3
.2 .2 .2 .3 .3 .3 true
.4 .4
--- error_log
connect() failed (111: Connection refused) while connecting to upstream



=== TEST 12: a worker that knew of no server finds those that have come
--- master_on
--- workers: 3
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2 ipv6=off;
    upstream u { server app.test service=http resolve; }
    upstream b { server app.test service=http resolve; balancer_by_lua_block { } }
_EOC_
--- config
    location = /set { content_by_lua_block {
        zone("one.test", "127.0.0.2")
        zone("_http._tcp.app.test", { { priority = 1, weight = 1, port = $TEST_NGINX_RAND_PORT_1, target = "one.test" } }, "SRV")
    } }
    location = /u { proxy_pass http://u; add_header X-Worker $pid always; }
    location = /b { proxy_pass http://b; add_header X-Worker $pid always; }
--- exec
get() { curl -s -o /dev/null -w '%{http_code} %header{x-worker}\n' "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$1"; }
workers() { until [ "$(awk '{ print $2 }' all | sort -u | wc -l)" = 3 ]; do get $1 >>all; done; awk '{ print $1 }' all | sort -u; rm all; }
cd $TEST_NGINX_SERVER_ROOT
: >all
workers u
get set >/dev/null
until get u | grep -q '^200' && get b | grep -q '^200'; do sleep 0.05; done
for of in b u; do : >all; workers $of; done
--- exec_out
502
200
200



=== TEST 13: after a reload the servers are those that were known, until the name servers answer
--- master_on
--- workers: 2
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2 ipv6=off;
    upstream u { zone u 64k; server app.test service=http resolve; server two.test:$TEST_NGINX_RAND_PORT_1 weight=2; }
_EOC_
--- config
    location = /set { content_by_lua_block {
        local port = $TEST_NGINX_RAND_PORT_1
        zone("one.test", "127.0.0.1")
        zone("two.test", "127.0.0.2 127.0.0.3")
        zone("four.test", "127.0.0.4")
        zone("_http._tcp.app.test", {
            { priority = 1, weight = 5, port = port, target = "one.test" },
            { priority = 2, weight = 1, port = port, target = "four.test" },
        }, "SRV")
        becomes("u", "127.0.0.1*5 127.0.0.2*2 127.0.0.3*2 | 127.0.0.4")
    } }
    location = /break { content_by_lua_block { ngx.shared.zone:set("rcode", 2) } }
    location = /mend { content_by_lua_block { zone("two.test", "127.0.0.3") ngx.shared.zone:delete "rcode" becomes("u", "127.0.0.1*5 127.0.0.3*2 | 127.0.0.4") } }
    location = /peers { content_by_lua_block { ngx.say(peers "u") } }
    location = /master { content_by_lua_block { ngx.say(require "ngx.process".get_master_pid()) } }
    location = /u { proxy_pass http://u; }
--- exec
get() { curl -s "http://127.0.0.1:$TEST_NGINX_SERVER_PORT/$1"; }
get set
get break
MASTER=$(get master); WORKERS=$(pgrep -P $MASTER)
kill -HUP $MASTER
for w in $WORKERS; do while kill -0 $w 2>/dev/null; do sleep 0.02; done; done
get peers
for i in $(seq 9); do get u; echo; done | sort | uniq -c | awk '{ print $1, $2 }'
get mend
get peers
--- exec_out
127.0.0.1*5 127.0.0.2*2 127.0.0.3*2 | 127.0.0.4
5 127.0.0.1
2 127.0.0.2
2 127.0.0.3
127.0.0.1*5 127.0.0.3*2 | 127.0.0.4



=== TEST 14: of an answer that is cut short nothing is taken
--- stream_config eval: $::Dns
--- http_config eval
$::World . <<'_EOC_';
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_2 ipv6=off;
    upstream u { server app.test:$TEST_NGINX_RAND_PORT_1 resolve; }
    upstream s { server app.test service=http resolve; }
_EOC_
--- config
    location = /t { content_by_lua_block {
        local port = $TEST_NGINX_RAND_PORT_1
        local records = { { priority = 1, weight = 1, port = port, target = "one.test" }, { priority = 1, weight = 1, port = port, target = "four.test" } }
        zone("one.test", "127.0.0.1")
        zone("four.test", "127.0.0.4")
        zone("app.test", "127.0.0.2 127.0.0.3")
        zone("_http._tcp.app.test", records, "SRV")
        becomes("u", "127.0.0.2 127.0.0.3")
        becomes("s", "127.0.0.1 127.0.0.4")
        for _, kind in ipairs { "SRV", "A" } do
            ngx.shared.zone:set("cut " .. kind, 3)
            local said = ('resolving "app.test" of upstream "%s"'):format(kind == "A" and "u" or "s")
            local log = io.open("$TEST_NGINX_SERVER_ROOT/logs/error.log")
            repeat ngx.sleep(0.005) log:seek "set" until log:read "*a":find(said)
            log:close()
        end
        ngx.say(peers "u", ", ", peers "s")
    } }
--- request
GET /t
--- response_body
127.0.0.2 127.0.0.3, 127.0.0.1 127.0.0.4
