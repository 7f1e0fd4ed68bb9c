# try_files.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a file or a status
--- config
    location / { try_files $uri =404; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /a.txt", "GET /none"]
--- error_code eval
[200, 404]
--- response_body_like eval
["^a$", "404 Not Found"]

=== TEST 2: any status
--- config
    location / { try_files $uri =503; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /none"]
--- error_code eval
[503]
--- response_body_like eval
["503 Service Temporarily Unavailable"]

=== TEST 3: file, directory, fallback
--- config
    location / { try_files $uri $uri/ /fall?from=$uri; }
    location /fall { return 200 "fall $args\n"; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /a.txt", "GET /dir/", "GET /dir", "GET /none"]
--- error_code eval
[200, 200, 301, 200]
--- response_body_like eval
["^a$", "^index$", "301 Moved", "^fall from=/none$"]

=== TEST 4: a named location
--- config
    location / { try_files $uri @named; }
    location @named { return 200 "named $uri?$args\n"; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /a.txt", "GET /none?x=1"]
--- error_code eval
[200, 200]
--- response_body_like eval
["^a$", "^named /none\\?x=1$"]

=== TEST 5: the first that is there
--- config
    location / { try_files /none $uri.txt /other.txt =404; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /a", "GET /x"]
--- error_code eval
[200, 200]
--- response_body_like eval
["^a$", "^other$"]

=== TEST 6: a directory is no file
--- config
    location / { try_files $uri =404; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /dir", "GET /a.txt"]
--- error_code eval
[404, 200]
--- response_body_like eval
["404", "^a$"]

=== TEST 7: a file is no directory
--- config
    location / { try_files $uri/ =404; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /a.txt"]
--- error_code eval
[404]
--- response_body_like eval
["404"]

=== TEST 8: with an alias
--- config
    location /x/ { alias html/; try_files $uri $uri.txt other.txt =404; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /x/a.txt", "GET /x/a", "GET /x/none"]
--- error_code eval
[200, 200, 200]
--- response_body_like eval
["^a$", "^a$", "^other$"]

=== TEST 9: the query is kept only where it is written
--- config
    location / { try_files $uri /fall; }
    location /fall { return 200 "[$args]\n"; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /none?x=1"]
--- error_code eval
[200]
--- response_body_like eval
["^\\[\\]$"]

=== TEST 10: a fallback without end
--- config
    location / { try_files $uri /again; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /none"]
--- error_code eval
[500]
--- response_body_like eval
["500 Internal Server Error"]

=== TEST 11: of the server
--- config
    try_files $uri =404;
    location /sub { return 200 "sub\n"; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request eval
["GET /a.txt", "GET /none"]
--- error_code eval
[200, 404]
--- response_body_like eval
["^a$", "404"]

=== TEST 12: a file that was found goes to the content handler
--- config
    location / { try_files $uri =404; return 200 "never\n"; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
>>> other.txt
other
--- request
GET /a.txt
--- response_body
never

=== TEST 13: behind the alias of a regex location a name goes to the end of the alias
--- config
    location ~ ^/s/(.*)$ { alias html/; try_files $1 $1.txt $1/ @none; }
    location ~ ^/d/(.*)$ { alias html/$1; error_page 404 = @none; }
    location @none { return 200 "none $uri\n"; }
--- user_files
>>> a.txt
a
>>> dir/index.html
index
--- pipelined_requests eval
["GET /s/a.txt", "GET /s/a", "GET /s/dir/index.html", "GET /s/nope", "GET /s/dir", "GET /d/a.txt", "GET /d/nope"]
--- error_code eval
[200, 200, 200, 200, 301, 200, 200]
--- response_body_like eval
["^a\n\$", "^a\n\$", "^index\n\$", "^none /s/nope\n\$", "301", "^a\n\$", "^none /d/nope\n\$"]
