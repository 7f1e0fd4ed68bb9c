# Files, directories and their indexes.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a file with its validators
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- response_headers
Content-Type: text/html
Content-Length: 11
Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT
ETag: "3b9aca00-b"
Accept-Ranges: bytes
--- response_body
0123456789
--- no_error_log
[error]

=== TEST 2: HEAD
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
HEAD /a.html
--- response_headers
Content-Length: 11
ETag: "3b9aca00-b"
Content-Type: text/html
--- response_body

=== TEST 3: etag off
--- config
    location / { etag off; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request
GET /a.html
--- response_headers
!ETag
Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT

=== TEST 4: types by extension, any case
--- config
    location / {
        types { text/x-one one; text/x-two two TWO2; }
        default_type application/x-other;
    }
--- user_files
>>> a.one
1
>>> b.TWO
2
>>> c.html
3
--- request eval
["GET /a.one", "GET /b.TWO", "GET /c.html"]
--- response_headers eval
["Content-Type: text/x-one", "Content-Type: text/x-two", "Content-Type: application/x-other"]

=== TEST 5: the built-in types
--- config
    location / { root html; }
--- user_files
>>> a.html
1
>>> b.gif
2
>>> c.jpg
3
>>> d.unknown
4
--- request eval
["GET /a.html", "GET /b.gif", "GET /c.jpg", "GET /d.unknown"]
--- response_headers eval
["Content-Type: text/html", "Content-Type: image/gif", "Content-Type: image/jpeg", "Content-Type: text/plain"]

=== TEST 6: a missing file, logged as nginx does
--- config
    location / { root html; }
--- request
GET /none
--- error_code: 404
--- error_log eval
qr{\[error\].*open\(\) "\S*/html/none" failed \(2: No such file or directory\)}

=== TEST 7: log_not_found off
--- config
    location / { log_not_found off; }
--- request eval
["GET /none", "GET /none/"]
--- error_code eval
[404, 404]
--- no_error_log
[error]

=== TEST 8: a file is no directory
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request eval
["GET /a.html/b", "GET /a.html/"]
--- error_code eval
[404, 404]

=== TEST 9: a directory is redirected, query kept
--- config
    location / { root html; }
--- user_files
>>> dir/x
1
--- request
GET /dir?a=b
--- error_code: 301
--- response_headers
Location: http://localhost:$ServerPort/dir/?a=b
Content-Type: text/html
--- response_body_like: <h1>301 Moved Permanently</h1>

=== TEST 10: absolute_redirect and port_in_redirect
--- server_name: primary.example
--- config
    location /a/ { alias html/; absolute_redirect off; }
    location /b/ { alias html/; port_in_redirect off; }
    location /c/ { alias html/; server_name_in_redirect on; }
--- user_files
>>> dir/x
1
--- request eval
["GET /a/dir", "GET /b/dir", "GET /c/dir"]
--- error_code eval
[301, 301, 301]
--- response_headers eval
["Location: /a/dir/", "Location: http://primary.example/b/dir/", "Location: http://primary.example:$ServerPort/c/dir/"]

=== TEST 11: index: the first that is there
--- config
    location / { index none.html b.html a.html; }
--- user_files
>>> a.html 200109090146.40
0123456789
>>> b.html
this one
--- request
GET /
--- response_headers
Content-Type: text/html
--- response_body
this one

=== TEST 12: index is an internal redirect: the location is found again
--- config
    location / { index a.x; }
    location ~ \.x$ { return 200 "$uri?$args\n"; }
--- user_files
>>> dir/a.x
1
--- request
GET /dir/?q=1
--- response_body
/dir/a.x?q=1

=== TEST 13: index of another place
--- config
    location / { index none.html /else; }
    location = /else { return 200 "else\n"; }
--- user_files
>>> dir/x
1
--- request
GET /dir/
--- response_body
else

=== TEST 14: a directory without an index
--- config
    location / { index none.html; }
--- user_files
>>> dir/x
1
--- request
GET /dir/
--- error_code: 403
--- error_log eval
qr{\[error\].*directory index of "\S*/html/dir/" is forbidden}

=== TEST 15: a directory that is not there
--- config
    location / { root html; }
--- request
GET /none/
--- error_code: 404
--- error_log eval
qr{\[error\].*"\S*/html/none/index.html" is not found \(2: No such file or directory\)}

=== TEST 16: methods
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- request eval
["POST /a.html\nx", "PUT /a.html\nx", "DELETE /a.html", "OPTIONS /a.html"]
--- error_code eval
[405, 405, 405, 405]
--- response_body_like eval
["405 Not Allowed", "405 Not Allowed", "405 Not Allowed", "405 Not Allowed"]

=== TEST 17: an empty file
--- config
    location / { root /tmp/perilune-t-static; }
--- init lua
os.execute("mkdir -p /tmp/perilune-t-static && : > /tmp/perilune-t-static/empty") and ""
--- request
GET /empty
--- response_headers
Content-Length: 0
--- response_body

=== TEST 18: what is neither file nor directory is not there, and nothing hangs
--- config
    location / { root /tmp/perilune-t-static; }
--- init lua
os.execute("mkdir -p /tmp/perilune-t-static && rm -f /tmp/perilune-t-static/fifo && mkfifo /tmp/perilune-t-static/fifo") and ""
--- request
GET /fifo
--- error_code: 404
--- error_log
is not a regular file

=== TEST 19: a large file
--- config
    location / { root html; }
--- user_files eval
[["big", "0123456789abcdef" x 20000]]
--- request
GET /big
--- response_headers
Content-Length: 320000
--- response_body eval
"0123456789abcdef" x 20000

=== TEST 20: a file that a pipeline asks for several times
--- config
    location / { root html; }
--- user_files
>>> a.html 200109090146.40
0123456789
--- pipelined_requests eval
["GET /a.html", "GET /a.html", "HEAD /a.html", "GET /none", "GET /a.html"]
--- error_code eval
[200, 200, 200, 404, 200]

=== TEST 21: root and alias with variables
--- config
    location /r/ { set $where html; root $where; }
    location ~ ^/u/(\w+)/(.*)$ { alias html/$1/$2; }
--- user_files
>>> r/x
r
>>> joe/x
joe
--- request eval
["GET /r/x", "GET /u/joe/x"]
--- response_body eval
["r\n", "joe\n"]

=== TEST 22: a file that is sent in small turns is whole
--- config
    location / { root html; sendfile_max_chunk 1k; }
--- user_files eval
[["a.bin", "0123456789abcdef" x 20000]]
--- pipelined_requests eval
["GET /a.bin", "GET /a.bin"]
--- response_body eval
["0123456789abcdef" x 20000, "0123456789abcdef" x 20000]

=== TEST 23: a file that becomes shorter while it is being sent: the client sees that bytes are missing, the log tells why
--- config
    location / { root html; }
    location /read { alias html; sendfile off; }
--- user_files
>>> ask.py
import os, socket, sys
port, path, uri = int(sys.argv[1]), sys.argv[2], sys.argv[3]
size = 64 << 20
open(path, "w").truncate(size)
s = socket.create_connection(("127.0.0.1", port))
s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % uri.encode())
got = len(s.recv(1000))
os.truncate(path, 1000)
try:
    while n := len(s.recv(1 << 20)):
        got += n
except ConnectionResetError:
    pass
print(1000 <= got < size)
--- exec
cd $TEST_NGINX_HTML_DIR && python3 ask.py $TEST_NGINX_SERVER_PORT big /big && python3 ask.py $TEST_NGINX_SERVER_PORT read /read/read
--- exec_out
True
True
--- error_log
a response body could not be read: ended before the message did, client: 127.0.0.1, server: localhost, request: "GET /big HTTP/1.1"
a response body could not be read: ended before the message did, client: 127.0.0.1, server: localhost, request: "GET /read/read HTTP/1.1"



=== TEST 24: aio takes its words
--- config
    aio on;
    location /off { aio off; }
    location /threads { aio threads; }
    location /pool { aio threads=default; }
    location / { return 200 "fine\n"; }
--- request
GET /
--- response_body
fine



=== TEST 25: aio takes no other word
--- config
    location / { aio thread; }
--- must_die
--- error_log
"aio" directive invalid value
