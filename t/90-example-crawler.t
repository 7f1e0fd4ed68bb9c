# examples/crawler: every page of a small site once, at its rate.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: links in circles, to other sites, to what is missing
--- config
--- user_files
>>> site/index.html
<a href="a.html">a</a> <a href="/b.html#part">b</a> <a href="http://example.com/x.html">x</a> <a href="logo.png">l</a>
>>> site/a.html
<a href="/index.html">home</a> <a href="b.html">b</a>
>>> site/b.html
<a href="c.html">c</a> <a href="a.html?q">a</a>
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 60 $P run examples/crawler/crawl.lua $TEST_NGINX_HTML_DIR/site 200 2
--- exec_out
/a.html
/b.html
/c.html is missing
/index.html
