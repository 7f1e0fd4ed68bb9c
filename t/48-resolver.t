# The directive `resolver`, over a name server in the same process (t/lib/dns_server.lua).
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Http = <<'_EOC_';
    lua_package_path "t/lib/?.lua;;";
    init_worker_by_lua_block {
        server = require("dns_server").start({
            ["a.test A"] = { { address = "10.0.0.1", ttl = 0 } }, ["a.test AAAA"] = { { address = "::5", ttl = 0 } },
            ["here.test A"] = { { address = "127.0.0.1", ttl = 0 } },
            ["slow.test A"] = { is_lost = true }, ["slow.test AAAA"] = { is_lost = true },
        }, { port = $TEST_NGINX_RAND_PORT_1 })
    }
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $Http);
    }
});

run_tests();

__DATA__

=== TEST 1: addresses, valid=, ipv6=off, by location
--- config
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    location /ask {
        content_by_lua_block {
            local dns = require "perilune.dns"
            for _ = 1, 2 do
                ngx.say(table.concat(await(dns.lookup("a.test")), " "))
            end
            ngx.say(#server.asked)
        }
    }
    location /v4/ {
        resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_1 valid=30s ipv6=off;
        content_by_lua_block {
            local dns = require "perilune.dns"
            for _ = 1, 2 do
                ngx.say(table.concat(await(dns.lookup("a.test")), " "))
            end
            ngx.say(#server.asked)
        }
    }
--- request eval
["GET /ask", "GET /v4/"]
--- response_body eval
["::5 10.0.0.1\n::5 10.0.0.1\n4\n", "10.0.0.1\n10.0.0.1\n5\n"]



=== TEST 2: resolver_timeout
--- config
    resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
    resolver_timeout 50ms;
    location /ask {
        content_by_lua_block {
            local ok, err = try_await(require("perilune.dns").lookup("slow.test"))
            ngx.say(tostring(ok), " ", err.code)
        }
    }
--- request
GET /ask
--- response_body
false timeout



=== TEST 3: sockets and the HTTP client of a location ask its name servers, too
--- config
    location /plain { return 200 "plain"; }
    location /ask {
        resolver 127.0.0.1:$TEST_NGINX_RAND_PORT_1;
        content_by_lua_block {
            local tcp, udp = ngx.socket.tcp(), ngx.socket.udp()
            ngx.say(tcp:connect("here.test", ngx.var.server_port))
            ngx.say(udp:setpeername("here.test", ngx.var.server_port))
            local url = "http://here.test:" .. ngx.var.server_port .. "/plain"
            ngx.say(await(require("perilune.http").get(url, { as = "string" })).body)
            ngx.say(tcp:connect("none.test", 1))
        }
    }
    location /other {
        content_by_lua_block {
            local url = "http://here.test:" .. ngx.var.server_port .. "/plain"
            ngx.say(tostring((try_await(require("perilune.http").get(url)))))
        }
    }
--- request eval
["GET /ask", "GET /other"]
--- response_body_like eval
["^1\n1\nplain\nnilnone.test could not be resolved \\(3: Host not found\\)\n", "^false"]
