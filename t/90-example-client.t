# examples/client against a server of the test.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Config = <<'_EOC_';
    location / { content_by_lua_block { ngx.print(ngx.var.uri, " ", ngx.var.http_x_forwarded_host or "") } }
    location /hook { content_by_lua_block { ngx.req.read_body() ngx.say(ngx.req.get_body_data()) } }
    location /down { return 503; }
    location /file { root html; }
_EOC_
our $Exec = 'P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe); E=examples/client; U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT; ';
run_tests();

__DATA__

=== TEST 1: fetching many
--- config eval: $::Config
--- exec eval
$::Exec . '$P run $E/fetch.lua $U/a $U/bb $U/down http://127.0.0.1:1/ 2>err | sed "s/:[0-9][0-9]*\//:P\//; s/503, .*/503/"; grep -c "4/4" err; rm err'
--- exec_out
http://127.0.0.1:P/a 200, 3 bytes
http://127.0.0.1:P/bb 200, 4 bytes
http://127.0.0.1:P/down 503
http://127.0.0.1:P/ refused
1

=== TEST 2: a download that goes on
--- config eval: $::Config
--- user_files
>>> file
0123456789
--- exec eval
$::Exec . 'cd $TEST_NGINX_HTML_DIR; E=$OLDPWD/$E; $P run $E/download.lua $U/file got 2>/dev/null; head -c 4 file >got; curl -sI $U/file | sed -n "s/^ETag: \(.*\)\r/\1/p" | tr -d "\n" >got.validator; $P run $E/download.lua $U/file got 2>/dev/null; cmp file got && echo same'
--- exec_out
got: 11 bytes (whole)
got: 11 bytes (resumed)
same

=== TEST 3: webhooks
--- config eval: $::Config
--- exec eval
$::Exec . '$P run $E/webhooks.lua hello $U/hook $U/hook; echo $?; $P run $E/webhooks.lua hello $U/hook $U/down | sed "s/.*: 5/5/"'
--- exec_out
2 of 2 delivered
0
503
1 of 2 delivered

=== TEST 4: a proxy
--- config eval: $::Config
--- exec eval
$::Exec . '$P run $E/proxy.lua 0 $U >out & Q=$!; while ! grep -q port out; do sleep 0.05; done; curl -s -H "Host: public" http://127.0.0.1:$(sed "s/.* //" out)/x; kill $Q; rm out'
--- exec_out chomp
/x public
