# examples/upload, as conf/perilune.conf routes it.
use Test::Nginx::Socket 'no_plan';

our $HttpConfig = 'lua_package_path "examples/?.lua;;";';
our $Config = 'location /upload { client_max_body_size 1m; handler upload.app; }';

add_block_preprocessor(sub {
    my ($block) = @_;
    if (!defined $block->http_config) {
        $block->set_value("http_config", $::HttpConfig);
    }
    if (!defined $block->config) {
        $block->set_value("config", $::Config);
    }
});

no_root_location();
run_tests();

__DATA__

=== TEST 1: the form
--- request
GET /upload
--- response_headers
Content-Type: text/html
--- response_body_like: <input type="file"

=== TEST 2: a small body
--- request
PUT /upload
hello
--- response_body_like: ^received [56] bytes in 1 pieces$

=== TEST 3: a body of several pieces
--- request eval
"POST /upload\n" . ("x" x 700000)
--- response_body_like: ^received 700000 bytes in \d+ pieces$

=== TEST 4: larger than the limit
--- request eval
"POST /upload\n" . ("x" x 1100000)
--- error_code: 413

=== TEST 5: another method
--- request
DELETE /upload
--- error_code: 405
--- response_headers
Allow: GET, HEAD, POST, PUT

=== TEST 6: a form of several files
--- raw_request eval
"POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=X\r\nContent-Length: 158\r\n\r\n"
. "--X\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nabc\r\n"
. "--X\r\nContent-Disposition: form-data; name=\"files\"; filename=\"b.txt\"\r\n\r\n\r\n--X--\r\n\r\n"
--- response_body
a.txt: 3 bytes
b.txt: 0 bytes

=== TEST 7: a form that is cut short
--- raw_request eval
"POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=X\r\nContent-Length: 5\r\n\r\n--X\r\n"
--- error_code: 400
--- response_body_like: ends inside a part
