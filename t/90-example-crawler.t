# examples/crawler: every page of a small site once, at its rate.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: links in circles, to other sites, to what is missing
--- config
    location / { access_log logs/pages.log short; root html/site; }
    location /slow.html { return 503; }
--- http_config
    log_format short "$uri $status $connection";
--- user_files
>>> site/index.html
<a href="a.html">a</a> <a href="/b.html#part">b</a> <a href="http://example.com/x.html">x</a> <a href="logo.png">l</a>
>>> site/a.html
<a href="/index.html">home</a> <a href="b.html">b</a> <a href="sub/one.html">one</a> <a href="slow.html">s</a>
>>> site/b.html
<a href="c.html">c</a> <a href="a.html?q">a</a>
>>> site/sub/one.html
<a href="two.html">two</a>
>>> site/sub/two.html
the end
--- exec
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
timeout 100 $P run examples/crawler/crawl.lua http://127.0.0.1:$TEST_NGINX_SERVER_PORT/ 200 2
cut -d' ' -f1,2 $TEST_NGINX_SERVROOT/logs/pages.log | sort
cut -d' ' -f3 $TEST_NGINX_SERVROOT/logs/pages.log | sort -u | wc -l | sed 's/[12]/one or two connections/'
timeout 100 $P run examples/crawler/crawl.lua
--- exec_out
/a.html
/b.html
/c.html is missing
/index.html
/slow.html answered 503
/sub/one.html
/sub/two.html
/a.html 200
/b.html 200
/c.html 404
/index.html 200
/sub/one.html 200
/sub/two.html 200
one or two connections
/about.html
/index.html
