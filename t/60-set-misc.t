# Texts made of texts in the rewrite phase: set_unescape_uri and its kin, set_if_empty.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: URIs, literals, encodings, digests, of a value or of the variable's own
--- config
    location /a {
        set_unescape_uri $a $arg_a;
        set_escape_uri $b "x y/ü:?";
        set $c "it's";
        set_quote_sql_str $c;
        set_quote_pgsql_str $d 'a"b';
        set_quote_json_str $e 'a"b\c';
        set_quote_json_str $f $arg_none;
        echo "[$a] $b $c $d $e $f";
    }
    location /b {
        set_encode_base64 $a "abcd";
        set_decode_base64 $b "YWJjZA==";
        set_encode_base64url $c "??>";
        set_decode_base64url $d "Pz8-";
        set_encode_base32 $e "foob";
        set_decode_base32 $f "CPNMUOG=";
        set_encode_hex $g "a/Z";
        set_decode_hex $h "612F5a";
        echo "$a $b $c $d $e $f $g $h";
    }
    location /c {
        set $text "hello";
        set_md5 $a $text;
        set_sha1 $b $text;
        set_hmac_sha1 $c key $text;
        set_encode_base64 $c;
        set_hmac_sha256 $d key $text;
        set_encode_hex $d;
        echo "$a $b";
        echo "$c $d";
    }
--- pipelined_requests eval
["GET /a?a=a%20b+c%2f", "GET /b", "GET /c"]
--- response_body eval
["[a b c/] x%20y%2F%C3%BC%3A%3F 'it\\'s' E'a\\\"b' \"a\\\"b\\\\c\" null\n",
"YWJjZA== abcd Pz8- ??> cpnmuog= foob 612f5a a/Z\n",
"5d41402abc4b2a76b9719d911017c592 aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d\ns0zqxFFv8joUPmHXnQ+npPvl8mY= 9307b3b915efb5171ff14d8cb55fbcc798c6c0ef1456d66ded1a6aa723a58b7b\n"]

=== TEST 2: they stand among set, if and rewrite, in file order
--- config
    set_md5 $server "s";
    location /t {
        set $a 1;
        set_encode_hex $a;
        if ($a = "31") {
            set_encode_hex $a;
        }
        set $b "$a!";
        rewrite ^ /u last;
    }
    location /u { set_encode_base64 $b; echo "$a $b $server"; }
--- request
GET /t
--- response_body
3331 MzMzMSE= 03c7c0ace395d80182db07ae2c30f034

=== TEST 3: what is empty or was not set
--- config
    location /t {
        set $a $arg_a;
        set_if_empty $a "none of $uri";
        set_if_empty $b new;
        set_if_empty $b newer;
        set_if_empty $args "x=1";
        echo "$a $b $args";
    }
--- pipelined_requests eval
["GET /t", "GET /t?a=5"]
--- response_body eval
["none of /t new x=1\n", "5 new a=5\n"]
--- no_error_log
uninitialized

=== TEST 4: what cannot be decoded is an error of the server
--- config
    location /hex { set_decode_hex $a $arg_a; echo "[$a]"; }
    location /b64 { set_decode_base64 $a $arg_a; echo "[$a]"; }
    location /b32 { set_decode_base32 $a $arg_a; echo "[$a]"; }
    location /random { set_random $a 1 $arg_a; echo "[$a]"; }
    location /text { set_secure_random_alphanum $a $arg_a; echo "[$a]"; }
--- pipelined_requests eval
["GET /hex?a=6", "GET /hex?a=6g", "GET /hex", "GET /b64?a=!", "GET /b32?a=w", "GET /random?a=x", "GET /random?a=1", "GET /text?a=65", "GET /text?a=0"]
--- error_code eval
[500, 500, 200, 500, 500, 500, 200, 500, 500]
--- error_log
set_decode_hex: invalid value
set_decode_base64: invalid value

=== TEST 5: chance, numbers in turn, time
--- config
    location /t {
        set_random $a 5 7;
        set_random $b 7 5;
        set_secure_random_alphanum $c 64;
        set_secure_random_lcalpha $d 20;
        set $e 2; set_rotate $e 1 3;
        set $f 3; set_rotate $f 1 3;
        set $g 9; set_rotate $g 3 1;
        set_formatted_gmt_time $h "%Y-%m-%dT%H:%M:%SZ";
        set_formatted_local_time $i "at %Y";
        set_local_today $j;
        echo "$a $b $c $d $e $f $g $h $i $j";
    }
--- request
GET /t
--- response_body_like
^[567] [567] [A-Za-z0-9]{64} [a-z]{20} 3 1 1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ at \d{4} \d{4}-\d\d-\d\d$

=== TEST 6: set_rotate goes on from what it made last, each of its own
--- config
    location = /a { set_rotate $x 0 2; echo -n $x; }
    location = /b { set $y none; set_rotate $y 5 6; echo -n $y; }
    location = /from { set_rotate $z x 3; echo $z; }
    location = /to { set_rotate $z 3 y; echo $z; }
--- pipelined_requests eval
["GET /a", "GET /b", "GET /a", "GET /a", "GET /b", "GET /a", "GET /from", "GET /to"]
--- response_body_like eval
["^0\$", "^5\$", "^1\$", "^2\$", "^6\$", "^0\$", "500 Internal", "500 Internal"]
--- error_code eval
[200, 200, 200, 200, 200, 200, 500, 500]
--- error_log
set_rotate: bad current value: "none"
set_rotate: bad "from" argument value: "x"
set_rotate: bad "to" argument value: "y"

=== TEST 7: a variable that has another meaning
--- config
    location /t { set_md5 $uri x; }
--- must_die
--- error_log
the duplicate "uri" variable

=== TEST 8: set gives a variable of a family another value, where it is executed
--- config
    location = /set { set $http_origin *; set $arg_a "[$arg_a]"; echo "$http_origin $arg_a"; }
    location = / { echo "$http_origin $arg_a"; }
    location = /maybe { if ($arg_a = 1) { set $http_origin one; } echo "$http_origin"; }
    location = /lua { set $http_origin *; content_by_lua_block { ngx.var.http_origin = nil ngx.say(ngx.var.http_origin) } }
--- more_headers
Origin: http://client
--- pipelined_requests eval
["GET /set?a=1", "GET /?a=2", "GET /maybe?a=1", "GET /maybe?a=2", "GET /lua"]
--- response_body eval
["* [1]\n", "http://client 2\n", "one\n", "http://client\n", "nil\n"]
--- no_error_log
using uninitialized

=== TEST 9: $proxy_host and $proxy_port may be set, which changes nothing
--- config
    location = /t {
        set $proxy_host other;
        set $proxy_port 1;
        proxy_pass http://127.0.0.1:$TEST_NGINX_SERVER_PORT/to;
        add_header X-Host "$proxy_host $proxy_port";
    }
    location = /to { echo $http_host; }
--- request
GET /t
--- response_body_like
^127\.0\.0\.1:\d+$
--- response_headers_like
X-Host: 127\.0\.0\.1:\d+ \d+
