# Listings of directories.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a page
--- config
    location / { autoindex on; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request
GET /dir/
--- response_headers
Content-Type: text/html; charset=utf-8
--- response_body_like eval
qr{<title>Index of /dir/</title>.*<a href="\.\./">\.\./</a>.*<a href="sub/">sub/</a>.*<a href="a%26%3Cb%3E%25\.txt">a&amp;&lt;b&gt;%\.txt</a>.*<a href="b\.txt">b\.txt</a></td><td class="n">6</td><td class="n t">2001-09-09 01:46<}s

=== TEST 2: hidden files are left out
--- config
    location / { autoindex on; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request
GET /dir/
--- response_body_unlike: hidden

=== TEST 3: no way up from the top
--- config
    location / { autoindex on; index none; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request
GET /
--- response_body_unlike: \.\./

=== TEST 4: JSON
--- config
    location / { autoindex on; autoindex_format json; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request
GET /dir/
--- response_headers
Content-Type: application/json
--- response_body_like eval
qr/\A\[\n\{ "name":"sub", "type":"directory", "mtime":"[^"]+" \},\n\{ "name":"a&<b>%\.txt", "type":"file", "mtime":"Sun, 09 Sep 2001 01:46:40 GMT", "size":2 \},\n\{ "name":"b\.txt", "type":"file", "mtime":"Sun, 09 Sep 2001 01:46:40 GMT", "size":6 \}\n\]\n?\z/

=== TEST 5: JSON for those who ask for it
--- config
    location / { autoindex on; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request
GET /dir/
--- more_headers
Accept: application/json
--- response_headers
Content-Type: application/json
Vary: Accept

=== TEST 6: an index goes first
--- config
    location / { autoindex on; index b.txt; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request
GET /dir/
--- response_body
12345

=== TEST 7: off, and what is not there
--- config
    location / { index none; }
    location /on/ { alias html/; autoindex on; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request eval
["GET /dir/", "GET /on/none/"]
--- error_code eval
[403, 404]

=== TEST 8: HEAD
--- config
    location / { autoindex on; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
>>> dir/.hidden
1
>>> dir/sub/x
1
--- request
HEAD /dir/
--- response_headers_like
Content-Length: [1-9]\d+
--- response_body

=== TEST 9: as XML, and as a call of a function that the request names
--- config
    autoindex on;
    location / { autoindex_format xml; }
    location /p/ { alias html/; autoindex_format jsonp; }
--- user_files
>>> dir/b.txt 200109090146.40
12345
>>> dir/a&<b>%.txt 200109090146.40
1
--- request eval
["GET /dir/", "GET /p/dir/?callback=a.b_1", "GET /p/dir/", "GET /p/dir/?callback=alert(1)", "HEAD /dir/"]
--- error_code eval
[200, 200, 200, 400, 200]
--- response_headers_like eval
["Content-Type: text/xml; charset=utf-8", "Content-Type: application/javascript", "Content-Type: application/json", "Content-Type: text/html.*", "Content-Type: text/xml; charset=utf-8"]
--- response_body_like eval
[qr{^<\?xml version="1.0"\?>\r
<list>\r
<file mtime="2001-09-09T01:46:40Z" size="2">a&amp;&lt;b&gt;%.txt</file>\r
<file mtime="2001-09-09T01:46:40Z" size="6">b.txt</file>\r
</list>\r
$}, qr{^/\* callback \*/\r\na\.b_1\(\[.*"name":"b.txt".*\]\s*\);$}s, qr{^\[.*"name":"b.txt".*\]\s*$}s, qr/400/, qr/^$/]



=== TEST 10: one of the files, each time another
--- config
    location / { random_index on; }
    location /index/ { alias html/only/; random_index on; }
--- user_files
>>> dir/a.txt
a
>>> dir/b.txt
b
>>> dir/.hidden
h
>>> dir/sub/x
x
>>> only/sub/index.html
sub
>>> only/.x
x
--- exec
for i in $(seq 60); do curl -s http://127.0.0.1:$TEST_NGINX_SERVER_PORT/dir/; done | sort -u
curl -so /dev/null -w '%{http_code}\n' http://127.0.0.1:$TEST_NGINX_SERVER_PORT/index/
--- exec_out
a
b
403
