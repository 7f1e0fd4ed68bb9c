# Variables by address and by share: geo, split_clients.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: by the client's address, by another variable, with default and delete
--- http_config
    geo $client { default none; 127.0.0.0/8 local; 127.0.0.1 me; 10.0.0.0/8 ten; delete 127.0.0.1; }
    geo $arg_a $kind {
        default        other;
        10.0.0.0/8     ten;
        10.1.0.0/16    ten-one;
        2001:db8::/32  six;
        255.255.255.255  nobody;
    }
    geo $arg_a $bare { 10.0.0.0/8 "a b"; }
--- config
    location / { return 200 "$client $kind [$bare]\n"; }
--- pipelined_requests eval
["GET /?a=10.1.2.3", "GET /?a=10.2.2.3", "GET /?a=2001:db8::1", "GET /?a=9.9.9.9", "GET /?a=rubbish", "GET /"]
--- response_body eval
["local ten-one [a b]\n", "local ten [a b]\n", "local six []\n", "local other []\n", "local nobody []\n", "local nobody []\n"]

=== TEST 2: spans; the last one counts
--- http_config
    geo $arg_a $span {
        ranges;
        default  other;
        10.0.0.0-10.0.0.255      a;
        10.0.0.16-10.0.0.31      b;
        delete 10.0.0.20-10.0.0.20;
        2001:db8::-2001:db8::ff  six;
    }
--- config
    location / { return 200 "$span\n"; }
--- pipelined_requests eval
["GET /?a=10.0.0.1", "GET /?a=10.0.0.16", "GET /?a=10.0.0.20", "GET /?a=10.0.0.32", "GET /?a=10.0.1.0", "GET /?a=2001:db8::10"]
--- response_body eval
["a\n", "b\n", "other\n", "a\n", "other\n", "six\n"]

=== TEST 3: the clients of proxies
--- http_config
    geo $last { proxy 127.0.0.1; proxy 10.0.0.0/8; 192.0.2.1 far; 10.0.0.0/8 proxy; }
    geo $far { proxy 127.0.0.1; proxy 10.0.0.0/8; proxy_recursive; 192.0.2.1 far; 10.0.0.0/8 proxy; }
    geo $own { 127.0.0.1 own; 192.0.2.1 far; }
--- config
    location / { return 200 "$last $far $own\n"; }
--- more_headers
X-Forwarded-For: 6.6.6.6, 192.0.2.1
X-Forwarded-For: 10.1.1.1
--- request
GET /
--- response_body
proxy far own

=== TEST 4: real_ip comes first; a map may build on it; entries of a file
--- user_files
>>> geo.conf
192.0.2.0/24 lan;
192.0.2.128/25 guests;
--- http_config
    geo $net { include $TEST_NGINX_HTML_DIR/geo.conf; default wan; }
    map $net $limit { lan ""; default $remote_addr; }
--- config
    set_real_ip_from 127.0.0.1;
    location / { return 200 "$net [$limit]\n"; }
--- more_headers eval
["X-Real-IP: 192.0.2.1", "X-Real-IP: 192.0.2.200", "X-Real-IP: 192.0.3.1"]
--- request eval
["GET /", "GET /", "GET /"]
--- response_body eval
["lan []\n", "guests [192.0.2.200]\n", "wan [192.0.3.1]\n"]

=== TEST 5: in stream
--- stream_config
    geo $who { 127.0.0.0/8 local; }
    split_clients all $part { * whole; }
--- stream_server_config
    return "$who $part";
--- stream_response chop
local whole

=== TEST 6: MurmurHash2 of "abc" is 7.555 % of all, of "ab" 10.4 %, of "hello" more
--- http_config
    split_clients $arg_k $part { 7.56% a; 2.9% b; 50% c; * d; }
    split_clients $arg_k $some { 10.41% in; }
--- config
    location / { return 200 "$part [$some]\n"; }
--- pipelined_requests eval
["GET /?k=abc", "GET /?k=ab", "GET /?k=a", "GET /?k=127.0.0.1", "GET /"]
--- response_body eval
["a [in]\n", "b [in]\n", "c []\n", "d []\n", "a [in]\n"]

=== TEST 7: what is said twice is warned of
--- http_config
    geo $net { 10.0.0.0/8 a; 10.0.0.1/8 b; delete 11.0.0.0/8; default x; default y; }
--- config
    location / { return 200 "$net\n"; }
--- request
GET /
--- response_body
y
--- error_log
duplicate network "10.0.0.1/8", value: "b", old value: "a"
low address bits of 10.0.0.1/8 are meaningless
no network "11.0.0.0/8" to delete
duplicate default geo value "default", value: "y", old value: "x"

=== TEST 8: of two blocks that make one variable the last one counts, whichever kind they are
--- http_config
    map $arg_a $both { default 1; x "of map"; }
    geo $both { default "of geo"; 127.0.0.2 no; }
    geo $other { default "of geo"; }
    map $arg_a $other { default "of map"; }
    map $arg_a $third { default first; }
    map $arg_a $third { default second; }
--- config
    location / { return 200 "$both, $other, $third\n"; }
    location /set { set $third mine; return 200 "$both, $other, $third\n"; }
--- pipelined_requests eval
["GET /?a=x", "GET /set"]
--- response_body eval
["of geo, of map, second\n", "of geo, of map, mine\n"]
