# examples/notes: accounts, notes with files, live updates; with two workers, and in one process.
use Test::Nginx::Socket 'no_plan';

no_root_location();

our $Http = <<'_EOC_';
lua_package_path "examples/?.lua;;";
http2 on;
client_body_temp_path temp;
init_by_lua_block {
    require("notes.store").root = "$TEST_NGINX_SERVROOT/data"
    require("notes.passwords").rounds = 100
}
_EOC_
our $Config = <<'_EOC_';
location / { client_max_body_size 64m; handler notes.app; }
_EOC_
our $Prepare = <<'_EOC_';
cd $TEST_NGINX_HTML_DIR
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
as() { J=jar-$1; shift; curl -s --max-time 100 -b $J -c $J "$@"; }
code() { as "$@" -o /dev/null -w '%{http_code} %{redirect_url}\n' | sed "s,$U,,"; }
say() { as "$1" $U/ | sed -n 's/.*class="flash"[^>]*>\([^<]*\)<.*/\1/p'; }
wait_for() { i=0; until eval "$1" || [ $i = 1200 ]; do i=$((i + 1)); sleep 0.05; done; }
ids() { as "$1" $U/notes/list | sed -n 's/.*id="note-\([0-9a-f]*\)".*/\1/p'; }
_EOC_
workers(2);
run_tests();

__DATA__

=== TEST 1: accounts: what is refused, who gets in, who is out again
--- http_config eval: $::Http
--- config eval: $::Config
--- exec eval
$::Prepare . <<'_EOC_'
code ada $U/; as ada $U/ | grep -c 'action="/login"'
for who in 'name=A%20b&password=long+enough' 'name=ada&password=short' 'name=ada'; do code ada -d "$who" $U/register; say ada; done
code ada -d 'name=ada&password=long+enough' $U/register; say ada; as ada $U/ | grep -c 'who"><span>ada<'
code bob -d 'name=ada&password=other+password' $U/register; say bob
code bob -d 'name=ada&password=other+password' $U/login; say bob; code bob -d 'name=nobody&password=other+password' $U/login; say bob
code bob $U/notes/list; code bob -d '' $U/notes
code bob -d 'name=ada&password=long+enough' $U/login; as bob $U/ | grep -c 'who"><span>ada<'
code ada -H 'Origin: http://elsewhere' -d '' $U/logout; code ada -H 'Sec-Fetch-Site: cross-site' -d '' $U/logout
code ada -d '' $U/logout; code ada $U/notes/list; code bob $U/notes/list
_EOC_
--- exec_out
200 
1
303 /
A name has 2 to 32 small letters and digits.
303 /
A password has at least 8 characters.
303 /
A password has at least 8 characters.
303 /
Welcome, ada.
1
303 /
That name is taken.
303 /
Name or password is wrong.
303 /
Name or password is wrong.
303 /
401 
303 /
1
403 
403 
303 /
303 /
200 
--- no_error_log
[error]



=== TEST 2: notes: what was typed is shown as text, nobody sees those of others, files come back as they were
--- http_config eval: $::Http
--- config eval: $::Config
--- exec eval
$::Prepare . <<'_EOC_'
code eve -d 'name=eve&password=long+enough' $U/register; code mal -d 'name=mal&password=long+enough' $U/register
code eve -d '' $U/notes; say eve; code eve -F title= $U/notes; as eve $U/ | grep -o 'A note needs[^<]*'
code eve --form-string 'title=<i>"one"' --form-string 'text=a & b' $U/notes
as eve $U/notes/list | grep -oE '&lt;i&gt;&quot;one&quot;</h2>|a &amp; b</p>'
ID=$(ids eve)
head -c 3000000 /dev/urandom >big
code eve -F 'title=with a file' -F 'file=@big;filename=../a"b.html;type=text/html' $U/notes
FILE=$(as eve $U/notes/list | sed -n 's/.*href="\([^"]*file?[^"]*\)".*/\1/p')
as eve -D fields -o got $U$FILE; cmp got big && echo the same; tr -d '\r' <fields | grep -iE '^(Content-(Type|Disposition)|X-Content)' | LC_ALL=C sort
as eve --http2-prior-knowledge -o got $U$FILE; cmp got big && echo the same
code mal $U/notes/$ID/file; code mal -d 'text=mine' $U/notes/$ID; code mal -d '' $U/notes/$ID/delete; ids mal | wc -l
code eve -d 'title=new&text=newer' $U/notes/$ID; as eve $U/notes/list | grep -c '>newer</p>'
code eve $U/notes/..%2f..%2fusers%2feve/file; code eve $U/notes/$ID/file
code eve -d '' $U/notes/$ID/delete; ids eve | wc -l; code eve -d '' $U/notes/$ID/delete
code eve $U/assets/style.css; code eve $U/assets/..%2fapp.lua; ls $TEST_NGINX_SERVROOT/temp | wc -l
_EOC_
--- exec_out
303 /
303 /
303 /
A note needs a title, a text or a file.
303 /
A note needs a title, a text or a file.
303 /
&lt;i&gt;&quot;one&quot;</h2>
a &amp; b</p>
303 /
the same
Content-Disposition: attachment; filename=".._a_b.html"
Content-Type: application/octet-stream
X-Content-Type-Options: nosniff
the same
404 
404 
404 
0
303 /
1
400 
404 
303 /
1
404 
200 
404 
0
--- no_error_log
[error]



=== TEST 3: a change in one worker reaches pages that another one serves
--- http_config eval: $::Http
--- config eval: $::Config
--- exec eval
$::Prepare . <<'_EOC_'
code una -d 'name=una&password=long+enough' $U/register
for i in 1 2 3 4 5 6; do
    curl -sN --max-time 100 -b jar-una $U/live >live$i & C="$C $!"
done
wait_for '[ $(cat live? | grep -c hello) = 6 ]'
code una -F title=x $U/notes
wait_for '[ $(cat live? | grep -c "^event: changed") = 6 ]'
cat live? | grep -c '^event: changed'
kill $C; wait
true
_EOC_
--- exec_out
303 /
303 /
6



=== TEST 4: one command is enough
--- config
    location / { return 200; }
--- exec eval
$::Prepare . <<'_EOC_'
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe); cd $OLDPWD
export NOTES_DATA=$TEST_NGINX_HTML_DIR/data NOTES_ROUNDS=100
$P run examples/notes/app.lua 0 >$TEST_NGINX_HTML_DIR/out 2>&1 & S=$!
wait_for 'grep -q "on port" $TEST_NGINX_HTML_DIR/out'
U=$(sed -n 's,.*http://localhost,http://127.0.0.1,;s,/$,,p' $TEST_NGINX_HTML_DIR/out); cd $TEST_NGINX_HTML_DIR
code zoe -d 'name=zoe&password=long+enough' $U/register; code zoe -F title=x $U/notes; ids zoe | wc -l
kill $S; wait $S; ls $NOTES_DATA/users/zoe.json | wc -l; stat -c %a $NOTES_DATA
_EOC_
--- exec_out
303 /
303 /
1
1
700
--- timeout: 30



=== TEST 5: sessions in Redis: a logout ends what was copied, and two processes share them
--- config
    location / { return 200; }
--- exec eval
$::Prepare . <<'_EOC_'
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe); cd $OLDPWD
. t/lib/services.sh; start_redis
export NOTES_DATA=$TEST_NGINX_HTML_DIR/data NOTES_ROUNDS=100 NOTES_REDIS=unix:$S/redis.sock
url_of() { wait_for "grep -q 'on port' $1"; sed -n 's,.*http://localhost,http://127.0.0.1,;s,/$,,p' $1; }
O=$TEST_NGINX_HTML_DIR/out
$P run examples/notes/app.lua 0 >$O.1 2>&1 & A=$!; one=$(url_of $O.1)
$P run examples/notes/app.lua 0 >$O.2 2>&1 & B=$!; two=$(url_of $O.2)
cd $TEST_NGINX_HTML_DIR; U=$one
code zoe -d 'name=zoe&password=long+enough' $one/register; cp jar-zoe jar-thief
U=$two; code zoe -F title=x $two/notes; ids zoe | wc -l; code thief $two/notes/list
redis-cli -s $S/redis.sock dbsize
code zoe -d '' $two/logout; U=$one; code thief $one/notes/list
kill $A $B; wait $A $B; cat $O.1 $O.2 | grep -v 'on port'
true
_EOC_
--- exec_out
303 /
303 /
1
200 
1
303 /
303 /
--- timeout: 30



=== TEST 6: without a server, as examples/notes/test.lua does it
--- config
    location / { return 200; }
--- exec: NOTES_DATA=$TEST_NGINX_HTML_DIR/data timeout 100 $TEST_NGINX_BINARY run examples/notes/test.lua
--- exec_out
ok
