# The test runner judged by blocks that use each of its sections once.
# Only sections of Test::Nginx stand here, so that this file runs under it, too;
# the runner's own sections are tried by t/lib/runner_selftest.lua.
use Test::Nginx::Socket 'no_plan';

repeat_each(2);

our $Greeting = <<'_EOC_';
    location = /hi { return 200 "hi\n"; }
_EOC_

no_shuffle();
run_tests();

__DATA__

=== TEST 1: status, body and headers
Text between the name and the first section is a description.
--- config
    location = /t { add_header X-Test one; return 200 "hello\n"; }
--- request
GET /t
--- response_headers
X-Test: one
!X-Absent
--- response_body
hello
--- no_error_log
[error]



=== TEST 2: an inline value and chomp
--- config
    location = /t { return 200 "hello"; }
--- request
GET /t
--- error_code: 200
--- response_body chomp
hello



=== TEST 3: like, unlike and a pattern with flags
--- config
    location = /t { return 200 "abc 123\n"; }
--- request
GET /t
--- response_body_like: ^[a-c]+ \d+$
--- response_headers_like
Content-Length: \d+



=== TEST 4: unlike
--- config
    location = /t { return 200 "abc 123\n"; }
--- request
GET /t
--- response_body_unlike: xyz



=== TEST 5: a variable of the preamble, eval, concatenation and repetition
--- config eval: $::Greeting
--- request eval
"GET /hi?" . ("a" x 10)
--- response_body eval
"h" . "i\x0a"



=== TEST 6: a file of the block, and a status that is not 200
--- config
    location = /gone { return 410; }
--- user_files
>>> note.txt
from a file
--- request eval
["GET /note.txt", "GET /gone", "GET /index.html"]
--- error_code eval
[200, 410, 200]
--- response_body_like eval
["^from a file\n\$", "410 Gone", "It works!"]



=== TEST 7: more headers
--- config
    location = /t { return 200 "$http_x_one-$http_host\n"; }
--- request
GET /t
--- more_headers
X-One: 1
Host: example.com
--- response_body
1-example.com



=== TEST 8: pipelined requests
--- config
    location /t { return 200 "$uri\n"; }
--- pipelined_requests eval
["GET /t1", "GET /t2", "GET /t3"]
--- response_body eval
["/t1\n", "/t2\n", "/t3\n"]



=== TEST 9: a raw request in two pieces
--- config
    location = /t { return 200 "raw\n"; }
--- raw_request eval
["GET /t HT", "TP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]
--- raw_request_middle_delay: 0.02
--- response_body
raw



=== TEST 10: raw response headers
--- config
    location = /t { add_header X-Raw yes; return 204; }
--- request
GET /t HTTP/1.0
--- error_code: 204
--- raw_response_headers_like: X-Raw: yes\r\n
--- raw_response_headers_unlike: X-Other



=== TEST 11: the configuration of the block before is used again
--- request
GET /t
--- error_code: 204



=== TEST 12: body filters
--- config
    location = /t { return 200 "Loud\n"; }
--- request
GET /t
--- response_body_filters
uc
--- response_body
LOUD



=== TEST 13: the error log and the access log
--- config
    location = /missing.txt { root html; }
--- request
GET /missing.txt
--- error_code: 404
--- response_body_like: 404 Not Found
--- error_log eval
["missing.txt", qr/\[error\] .*? failed \(2: No such file/]
--- no_error_log
[alert]
[emerg]
--- grep_error_log eval
qr/failed \(2: [^)]*\)/
--- grep_error_log_out
failed (2: No such file or directory)
--- access_log
GET /missing.txt



=== TEST 14: a configuration that must be refused
--- config
    no_such_directive on;
--- must_die
--- error_log
no_such_directive
--- no_error_log
[alert]



=== TEST 15: a block that is left out
--- config
    location = /t { return 500; }
--- request
GET /t
--- SKIP



=== TEST 16: a rule that leaves the block out
--- config
    location = /t { return 500; }
--- request
GET /t
--- skip_eval: 1: 1 == 1
