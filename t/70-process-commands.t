# Commands of the program that do not serve: what they print, and how they end.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: the version that readers of nginx look for
--- config
    location / { return 200 "ok"; }
--- exec
$TEST_NGINX_BINARY -v 2>&1 | grep -c '^nginx version: [^/]*/1\.31\.2'
$TEST_NGINX_BINARY -V 2>&1 | grep -c 'built with OpenSSL [0-9]'
--- exec_out
1
1

=== TEST 2: wrong use is told in one line
--- config
    location / { return 200 "ok"; }
--- exec
for how in -x -e run 'app.lua' serve tset a.conf a.t '-s start' '-c' 'repl x'; do $TEST_NGINX_BINARY $how 2>&1 | head -n 1; done
$TEST_NGINX_BINARY -x 2>/dev/null; echo $?
for how in --help -h 'run --help' 'repl --help'; do $TEST_NGINX_BINARY $how | grep -c '^Usage: perilune '; done
mkdir $TEST_NGINX_SERVER_ROOT/empty; cd $TEST_NGINX_SERVER_ROOT/empty
for how in '' -t '-s reload'; do $TEST_NGINX_BINARY $how 2>&1 | tail -n 1 | sed "s,$PWD,HERE,"; done
--- exec_out
perilune: invalid option: "x"
perilune: option "-e" requires Lua code, or a file name
perilune: "run" requires a file name
perilune: unknown command "app.lua"; to run a script: perilune run app.lua
perilune: unknown command "serve"
perilune: unknown command "tset"; did you mean "test"?
perilune: unknown command "a.conf"; to serve what it says: perilune -c a.conf
perilune: unknown command "a.t"; to run tests: perilune test a.t
perilune: invalid option: "-s start"
perilune: option "-c" requires file name
perilune: "repl" takes no arguments
1
1
1
1
1
perilune: there is no conf/perilune.conf in HERE/; -c names a configuration, --help tells more
perilune: there is no conf/perilune.conf in HERE/; -c names a configuration, --help tells more
perilune: there is no conf/perilune.conf in HERE/; -c names a configuration, --help tells more

=== TEST 3: -t praises a good file
--- config
    location / { return 200 "ok"; }
--- exec
cd $TEST_NGINX_SERVER_ROOT && $TEST_NGINX_BINARY -p . -c conf/nginx.conf -t 2>&1 | sed "s,$PWD/,,"
--- exec_out
perilune: the configuration file conf/nginx.conf syntax is ok
perilune: configuration file conf/nginx.conf test is successful

=== TEST 4: -t refuses a bad file, and says where
--- config
    location / { return 200 "ok"; }
--- exec
cd $TEST_NGINX_SERVER_ROOT && printf 'events {}\nnonsense 1;\n' >conf/bad.conf
$TEST_NGINX_BINARY -p . -c conf/bad.conf -e logs/early.log -t 2>err; echo $?
grep -c '^perilune: \[emerg\] unknown directive "nonsense" in .*conf/bad.conf:2' err
grep -c '^perilune: configuration file .*conf/bad.conf test failed' err
grep -c ' \[emerg\] .*unknown directive "nonsense" in .*conf/bad.conf:2' logs/early.log
rm conf/bad.conf err
--- exec_out
1
1
1
1

=== TEST 5: -T prints the file
--- config
    location / { return 200 "ok"; }
--- exec
$TEST_NGINX_BINARY -p $TEST_NGINX_SERVER_ROOT -c conf/nginx.conf -T 2>/dev/null | grep -c '^# configuration file .*nginx.conf:$'
--- exec_out
1

=== TEST 6: a signal to a server that is not there
--- config
    location / { return 200 "ok"; }
--- exec
cd $TEST_NGINX_SERVER_ROOT && printf 'pid logs/none.pid; events {}\n' >conf/none.conf
$TEST_NGINX_BINARY -p . -c conf/none.conf -s quit 2>err; echo $?
sed "s,$PWD/,," err
rm conf/none.conf err
--- exec_out
1
perilune: [error] open() "logs/none.pid" failed (2: No such file or directory); is the server running?

=== TEST 7: a script: arguments, awaiting, exit codes
--- config
    location / { return 200 "ok"; }
--- exec
B=$TEST_NGINX_BINARY
$B -e 'await(require("perilune.task").sleep(0.01)) print(arg[1], select("#", ...))' a b; echo $?
$B -e 'error("boom")' 2>&1 | head -n 1
$B -e 'error({code = "late", message = "no answer"})' 2>&1 | head -n 1
$B -e 'error({code = 3, message = {}})' 2>&1 | head -n 1
$B -e 'error("boom")' 2>/dev/null; echo $?
$B -e 'no lua' 2>/dev/null; echo $?
$B run /nowhere.lua 2>/dev/null; echo $?
--- exec_out
a	2
0
perilune: (command line):1: boom
perilune: unknown reason (error object is a table value, code: late, message: no answer)
perilune: unknown reason (error object is a table value, code: 3)
1
1
1

=== TEST 8: SIGTERM cancels a script, its cleanups run, and it dies of the signal
--- config
    location / { return 200 "ok"; }
--- exec
O=$TEST_NGINX_SERVER_ROOT/out
$TEST_NGINX_BINARY -e 'local task = require("perilune.task")
task.defer(function() print("cleaned") io.stdout:flush() end)
print("begun") io.stdout:flush()
await(task.sleep(60))' >$O & P=$!
until [ -s $O ]; do sleep 0.02; done
kill -TERM $P; wait $P; echo $?; cat $O
--- exec_out
143
begun
cleaned

=== TEST 26: Lua that never yields ends with the second signal
--- config
    location / { return 200 "ok"; }
--- exec
B="timeout -s KILL 100 $TEST_NGINX_BINARY"; O=$TEST_NGINX_SERVER_ROOT/out
end() { # SIGNAL: sends it, once the program has begun, until it is gone
    until [ -s $O ]; do sleep 0.02; done
    L=$(cat /proc/$P/task/$P/children)
    while kill -$1 $L 2>/dev/null; do sleep 0.02; done
    wait $P; echo $?; rm $O
}
ON='io.stdout:setvbuf("no") print("on") while true do'
$B -e "$ON end" >$O & P=$!; end TERM
$B -e "$ON ('x'):rep(10):gsub('x', tostring) end" >$O & P=$!; end TERM
echo "$ON end" | $B repl >$O & P=$!; end INT
--- exec_out
143
143
130

=== TEST 9: the interactive interpreter
--- config
    location / { return 200 "ok"; }
--- exec
printf '%s\n' 'x = 3' 'x + 1, "a"' 'await(require("perilune.task").sleep(0.01))' 'for i = 1, 2 do' 'print(i)' 'end' \
    '{ 1, a = { b = true } }' 'error({})' 'x' | $TEST_NGINX_BINARY repl 2>/dev/null; echo $?
--- exec_out
4	"a"
true
1
2
{ 1, a = { b = true } }
3
0

=== TEST 27: a script, and who types, may define globals without a word
--- config
    location / { return 200 "ok"; }
--- exec
{
    echo 'x = 3' | $TEST_NGINX_BINARY repl
    $TEST_NGINX_BINARY -e 'y = 4 await(require("perilune.task").sleep(0.01)) z = 5 print(y + z)'
} 2>&1
--- exec_out
9

=== TEST 29: in a script ngx.print and say write to standard output, ngx.exit ends it; where it serves they answer
--- config
    location / { return 200 "ok"; }
--- user_files
>>> a.lua
local http = require "perilune.http"
local server = http.start_server(function()
    ngx.print("an ", "answer")
    ngx.exit(ngx.OK)
end, { address = "127.0.0.1" })
ngx.say(await(await(http.get("http://127.0.0.1:" .. server:port())):text()), " ", { 1, nil, "b" }, nil, ngx.null)
await(server:close(0))
>>> b.lua
ngx.timer.at(0, function()
    ngx.print("late\n")
    ngx.exit(5)
end)
ngx.sleep(0.05)
coroutine.wrap(function() ngx.exit(ngx.flush() + ngx.eof()) end)()
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1; echo $?
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/b.lua 2>&1; echo $?
timeout 100 $TEST_NGINX_BINARY -e 'ngx.say({ a = 1 })' 2>&1 | head -1
timeout 100 $TEST_NGINX_BINARY -e 'ngx.say("one") ngx.say("two")' >/dev/full 2>&1; echo $?
for f in print ngx.say; do
    { timeout -k 1 100 $TEST_NGINX_BINARY -e "while true do $f('x') end"; echo $? >$TEST_NGINX_HTML_DIR/ended; } | head -1; cat $TEST_NGINX_HTML_DIR/ended
done
--- exec_out
an answer 1nilbnilnull
0
late
2
perilune: (command line):1: bad argument #1 to 'say' (non-array table found)
0
x
141
x
141

=== TEST 30: what a script has written shows while it waits
--- config
    location / { return 200 "ok"; }
--- exec
cd $TEST_NGINX_HTML_DIR || exit
for code in 'print("a line")' 'io.write("a line\n")' 'ngx.say("a line")'; do
    timeout 1000 $TEST_NGINX_BINARY -e "$code; await(require('perilune.task').sleep(1000))" >written &
    for _ in $(seq 1200); do [ -s written ] && break; sleep 0.05; done
    cat written
    kill $!
    wait
done
--- exec_out
a line
a line
a line

=== TEST 10: under the name nginx it goes by that name
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
ln -s "$(realpath "$TEST_NGINX_BINARY")" nginx
./nginx -v 2>&1 | sed 's/(perilune [0-9.]*)/(perilune N)/'
./nginx -p $D -s quit 2>&1 | cut -c 1-22
conf '' 'server_tokens off; location = /versions { server_tokens on; return 404; }'
sed 's,pid logs/m.pid;,,' conf/perilune.conf >conf/nginx.conf
./nginx -p $D
tr '\0' '\n' <"/proc/$(cat logs/nginx.pid)/cmdline" | head -n 1 | cut -d' ' -f1-3
for path in /none /versions; do curl -si "http://127.0.0.1:$PORT$path" | tr -d '\r' | grep -i '^server\|<hr>'; done
kill -QUIT $(cat logs/nginx.pid); wait_for '[ ! -e logs/nginx.pid ]'
grep -c '\[notice\].* nginx/1\.31\.2$' logs/error.log
--- exec_out
nginx version: nginx/1.31.2 (perilune N)
nginx: [emerg] open() 
nginx: master process
Server: nginx
<hr><center>nginx</center>
Server: nginx/1.31.2
<hr><center>nginx/1.31.2</center>
1

=== TEST 11: -t loads handlers and tells the first that cannot be; a worker tells of all before it is asked; init_by_lua is not run by a test
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
echo 'return function(req) return "good" end' >good.lua
echo 'return function(fn) return GLOBAL.wrap(fn) end' >wrap.lua
echo 'return { x = 1 }' >none.lua
echo 'return missing.field' >fails.lua
echo 'return function( end' >broken.lua
routes() { for name; do echo "location /$name {
handler $name; }"; done; }
test_of() {
    conf '' "$(routes "$@")" "lua_package_path $D/?.lua; $INIT"
    $TEST_NGINX_BINARY -p $D -t 2>&1 | sed -n 's,.*\[emerg\] ,,p; s,.*test is,test is,p' | sed "s, (package.path.*) in, in,; s,$D/,,g"
}
test_of good
conf '' 'location / {
    content_by_lua_block {
        local t = {}
        t.x = = 1
    }
}'
$TEST_NGINX_BINARY -p $D -t 2>&1 | sed -n "s,.*\[emerg\] ,,p" | sed "s,$D/,,g"
for name in no.such none fails broken good.field; do test_of good $name; done
INIT='middleware wrap;' test_of good
INIT='middleware wrap; init_by_lua_block { GLOBAL = { wrap = function(fn) return fn end } }' test_of none fails good
$B
wait_for 'grep -q "fails" logs/error.log'
get /good; echo
sed -n 's,.*\[error\] [0-9#]*: ,,p' logs/error.log | sed "s,$D/,,g"
quit
--- exec_out
test is successful
content_by_lua: unexpected symbol near '=' in conf/perilune.conf:5
handler "no.such" cannot be loaded: module 'no.such' not found in conf/perilune.conf:5
handler "none" cannot be loaded: 'none' is not a function (a table) in conf/perilune.conf:5
handler "fails" cannot be loaded: fails.lua:1: attempt to index global 'missing' (a nil value) in conf/perilune.conf:5
handler "broken" cannot be loaded: error loading module 'broken' from file 'broken.lua': broken.lua:1: <name> or '...' expected near 'end' in conf/perilune.conf:5
handler "good.field" cannot be loaded: module 'good' has no function 'field' in conf/perilune.conf:5
handler "good" cannot be loaded: wrap.lua:1: attempt to index global 'GLOBAL' (a nil value) in conf/perilune.conf:3
test is successful
good
handler "none" cannot be loaded: 'none' is not a function (a table) in conf/perilune.conf:3
handler "fails" cannot be loaded: fails.lua:1: attempt to index global 'missing' (a nil value) in conf/perilune.conf:5

=== TEST 12: whatever turns out wrong once the file was read says where it stands, too
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
touch a-file
HOW='-q -t'
try() {
    printf 'events {}\nerror_log logs/e.log;\n%s\n' "$1" >conf/perilune.conf
    $B $HOW 2>&1 | sed "s,$D/,,g; s,:$PORT,:PORT,; 1q"
}
http() { try "http {
server { listen 127.0.0.1:$PORT;
$1
} $2 }"; }
http 'location / { 
return 200 "$no_such_one"; }'
http 'return 200 "$later"; set $later 1;'
try 'stream {
server { listen 127.0.0.1:1;
return "<$uri>"; } }'
HOW= http 'listen 192.0.2.1:1;'
http 'server_name a..b;' "
server { listen 127.0.0.1:$PORT; }"
http 'limit_req zone=nowhere;'
http 'access_log no/such/folder/a.log;'
http 'client_body_temp_path a-file/temp;'
try 'http { error_log no/such/folder/e.log;
}'
try '
error_log no/such/folder/e.log;'
--- exec_out
perilune: [emerg] unknown "no_such_one" variable in conf/perilune.conf:6
perilune: [emerg] unknown "uri" variable in conf/perilune.conf:5
perilune: [emerg] bind() to 192.0.2.1:1 failed: cannot assign requested address in conf/perilune.conf:5
perilune: [emerg] invalid server name or wildcard "a..b" on 127.0.0.1:PORT in conf/perilune.conf:5
perilune: [emerg] zero size shared memory zone "nowhere" in conf/perilune.conf:5; there is no limit_req_zone of that name
perilune: [emerg] open() "no/such/folder/a.log" failed (2: No such file or directory) in conf/perilune.conf:5; its folder is not there
perilune: [emerg] mkdir() "a-file/temp" failed (exists already) in conf/perilune.conf:5
perilune: [emerg] open() "no/such/folder/e.log" failed (2: No such file or directory) in conf/perilune.conf:3; its folder is not there
perilune: [emerg] open() "no/such/folder/e.log" failed (2: No such file or directory) in conf/perilune.conf:4; its folder is not there

=== TEST 25: what nginx says, and behind the place what helps a person
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
mkdir -p app; cd app
echo 'return { list = print, lost = 1 }' >shop.lua; echo 'require "nowhere"' >needs.lua; echo 'return print' >hello.lua; echo 'x = = 1' >broken.lua
cd ..
http() {
    printf 'events {}\nhttp {\nlua_package_path "$prefix/app/?.lua;;"; server { listen 127.0.0.1:%s;\n%s\n} }\n' $PORT "$1" >conf/perilune.conf
    $B -q -t 2>&1 | sed "s,$D//*,,g; s,^perilune: \[emerg\] ,,; s,(package.path is [^)]*),(PATH),; s,\[default_server\].*,…,; 1q"
}
http 'location / {
return 200 "x"
}'
http 'location / { return 200 $url; }'
http 'location / { return 200 $nothing_near_this; }'
http 'listen 127.0.0.1:1 sssl;'
http 'allow 10.0.0.0/33;'
http 'limit_conn nope 1;'
http 'location / { proxy_pass backend; }'
http 'location / { grpc_pass http://backend; }'
http 'location / { handler hello; proxy_pass http://127.0.0.1; }'
http 'location / { handler shop.lst; }'
http 'location / { handler shop; }'
http 'location / { handler needs; }'
http 'location / { handler hello; middleware timing; }'
http 'location / {
    access_by_lua_file app/broken.lua; }'
http 'location / { content_by_lua_file app/$arg_name.lua; }'
http 'location / { handler shop.lua; }'
http 'location / { handler nosuch.lua; }'
http 'listen 127.0.0.1:1
server_name a;'
http 'root a
index b;'
http 'root a
location / { return 200; }'
http 'server_name a
root b;'
http 'add_header Cache-Control
           expires always;'
http '// a comment'
http '} } stream { server { location / { } }'
printf '\357\273\277events {}\n' >conf/perilune.conf; $B -t 2>&1 | grep -c 'syntax is ok'
--- exec_out
unexpected "}" in conf/perilune.conf:6; "return" of line 5 is not ended by ";"
unknown "url" variable in conf/perilune.conf:4; did you mean "$uri"?
unknown "nothing_near_this" variable in conf/perilune.conf:4
invalid parameter "sssl" in conf/perilune.conf:4; syntax: listen address[:port[-port]] | port[-port] | unix:path …
invalid parameter "10.0.0.0/33" in conf/perilune.conf:4; syntax: allow address | address/bits | unix: | all;
zero size shared memory zone "nope" in conf/perilune.conf:4; there is no limit_conn_zone of that name
invalid URL prefix in conf/perilune.conf:4; a URL begins with http:// or https://
URI part is not allowed in "grpc_pass" in conf/perilune.conf:4; as in grpc://host:port, grpcs://host:port or host:port
"proxy_pass" directive is duplicate in conf/perilune.conf:4; "handler" is in conf/perilune.conf:4
handler "shop.lst" cannot be loaded: module 'shop' has no function 'lst'; did you mean 'shop.list'? in conf/perilune.conf:4
handler "shop" cannot be loaded: 'shop' is not a function (a table with shop.list) in conf/perilune.conf:4
handler "needs" cannot be loaded: app/needs.lua:1: module 'nowhere' not found in conf/perilune.conf:4
handler "hello" cannot be loaded: middleware 'timing': module 'timing' not found (PATH) in conf/perilune.conf:4
access_by_lua_file: app/broken.lua:1: unexpected symbol near '=' in conf/perilune.conf:5
handler "shop.lua" cannot be loaded: module 'shop' has no function 'lua'; a module is named as for require: 'shop' in conf/perilune.conf:4
handler "nosuch.lua" cannot be loaded: module 'nosuch.lua' not found; a module is named as for require: 'nosuch' (PATH) in conf/perilune.conf:4
invalid parameter "server_name" in conf/perilune.conf:4; "server_name" of line 5 is a directive: a ";" may be missing before it
invalid number of arguments in "root" directive in conf/perilune.conf:4; "index" of line 5 is a directive: a ";" may be missing before it
directive "root" is not terminated by ";" in conf/perilune.conf:4; "location" of line 5 is a directive: a ";" may be missing before it
perilune: [warn] line 5 begins with "root", which is taken for an argument of "server_name": a ";" may be missing before it, in conf/perilune.conf:4
unexpected "}" in conf/perilune.conf:5; "//" of line 4 is no directive: a comment begins with "#"
"location" directive is not allowed here in conf/perilune.conf:4; it belongs in server, location of "http"
1

=== TEST 28: a file of Lua that is not there is told by -t and at the start, and misses to those who need it; that of init_by_lua is needed at once
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
conf 'pcre_jit on;' 'location /none { content_by_lua_file app/none.lua; } location /ok { return 200 ok; }'
$B -t 2>&1 | sed "s,$D//*,,g"
$B
curl -s -o answer -w '%{http_code}\n' http://127.0.0.1:$PORT/none
curl -s http://127.0.0.1:$PORT/ok; echo
grep -c '\[warn\] .* open() ".*/app/none.lua" failed (2: No such file or directory), which "content_by_lua_file" names in ' logs/error.log
grep -c '\[error\] .*failed to load external Lua file ".*/app/none.lua": cannot open ' logs/error.log
kill "$(master)"
wait_for '! [ -e logs/m.pid ]'
conf 'pcre_jit on;' '' 'init_by_lua_file app/none.lua;'
$B -q -t 2>&1 | sed "s,$D//*,,g"
--- exec_out
perilune: [warn] open() "app/none.lua" failed (2: No such file or directory), which "content_by_lua_file" names in conf/perilune.conf:2
perilune: the configuration file conf/perilune.conf syntax is ok
perilune: configuration file conf/perilune.conf test is successful
404
ok
2
1
perilune: [warn] open() "app/none.lua" failed (2: No such file or directory), which "init_by_lua_file" names in conf/perilune.conf:2
perilune: [emerg] init_by_lua_file: cannot open app/none.lua: No such file or directory in conf/perilune.conf:2
perilune: configuration file conf/perilune.conf test failed
