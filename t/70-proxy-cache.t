# proxy_cache over processes: two workers, restarts, workers that are killed, limits, broken files, words that are wrong.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Conf = <<'_EOC_';
. t/lib/process.sh
# conf_of words: proxy_cache_path cache keys_zone=c:words
conf_of() { cat >conf/perilune.conf <<X
worker_processes 2; error_log logs/error.log notice; pid logs/m.pid; events {}
http { access_log off; lua_shared_dict asked 1m;
    proxy_cache_path cache keys_zone=c:$1;
    proxy_cache c; proxy_cache_key \$uri; proxy_cache_valid 1h;
    add_header X-Cache \$upstream_cache_status always;
    server { listen unix:$D/s;
        location / { proxy_pass http://unix:$D/b; }
        location /lock { proxy_cache_lock on; proxy_cache_lock_age 1h; proxy_cache_lock_timeout 1h; proxy_pass http://unix:$D/b; }
        location /pid { proxy_pass http://unix:$D/b; proxy_cache off; }
    }
    server { listen unix:$D/b;
        location / { content_by_lua_block {
            local d = ngx.shared.asked
            local n = d:incr(ngx.var.uri, 1, 0)
            if ngx.var.uri == "/lock" and n == 1 then ngx.sleep(1000) end
            ngx.header.etag = '"x"'
            ngx.print(n, ("x"):rep(ngx.var.uri == "/large" and 400000 or 20000))
        } }
        location /asked { content_by_lua_block { ngx.say(ngx.shared.asked:get(ngx.var.arg_u) or 0) } }
    } }
X
}
get() { curl -s -D head -o out --max-time 100 --unix-socket s "http://a$1"; echo "$1 $(sed -n 's/^X-Cache: \(.*\).$/\1/ip' head) $(head -c 1 out) $(wc -c <out)"; }
# ask numbers: one after the other
ask() { curl -s --unix-socket s $(for i; do echo "-o $D/none http://a/$i"; done); }
asked() { curl -s --unix-socket b "http://a/asked?u=$1"; }
files() { find cache -type f | wc -l; }
_EOC_
run_tests();

__DATA__

=== TEST 1: kept over a restart; what is broken is a miss, and goes; drafts of the dead go; a reload keeps the index; two workers know the same
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Conf . <<'_EOC_';
conf_of '1m levels=1:2'
$B; for p in /1 /2 /3 /4; do get $p; done
for i in 1 2 3 4 5 6 7 8 9 10; do get /1; done | sort | uniq -c | tr -s ' '
quit TERM
F=$(grep -rl xxxx cache | sort)
set -- $F; N=$(grep -al '/3' $F)
truncate -s 1000 $(grep -al '/2' $F)
printf x | dd of=$N bs=1 seek=60 conv=notrunc 2>/dev/null
cp $N $N.999999999.1; echo mine >cache/readme
$B; wait_for '[ $(grep -c "cache loader" logs/error.log) -eq 2 ]'
files; for p in /1 /2 /3 /4; do get $p; done
P=$(master); kill -9 $(pgrep -P $P | head -n 1); get /1
reload; get /4
quit TERM
grep -c "cache loader" logs/error.log; find cache -type f | sed 's/.*\/\(..\)\/[0-9a-f]*$/\1/' | grep -c '^..$'; cat cache/readme
_EOC_
--- exec_out
/1 MISS 1 20001
/2 MISS 1 20001
/3 MISS 1 20001
/4 MISS 1 20001
 10 /1 HIT 1 20001
3
/1 HIT 1 20001
/2 MISS 1 20001
/3 MISS 1 20001
/4 HIT 1 20001
/1 HIT 1 20001
/4 HIT 1 20001
2
4
mine



=== TEST 2: limits: max_size, inactive, a zone with room for few keys; a fetcher that is killed keeps nobody waiting
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Conf . <<'_EOC_';
conf_of '1m max_size=300k'
$B; ask $(for i in $(seq 40); do echo $i 1; done)
wait_for '[ $(files) -le 15 ]'; get /1; [ $(files) -ge 5 ] && echo some; get /2 | cut -d' ' -f2
get /large; get /large
get /lock >late & wait_for '[ "$(asked /lock)" = 1 ]'
# whoever waits for the fetcher asks when that is dead; which worker has which, chance tells
curl -s -o waits --max-time 100 --unix-socket s http://a/lock & C=$!
kill -9 $(pgrep -P $(master)); wait $C; wait_for '[ "$(get /lock | cut -d" " -f2)" = HIT ]'; get /lock
quit TERM; rm -rf cache
conf_of '1m inactive=1s'; $B; wait_for 'get /a | grep -q HIT'; wait_for '[ $(files) -eq 0 ]'; get /a | cut -d' ' -f2; quit TERM; rm -rf cache
conf_of 16k; $B; ask $(seq 200); get /200; [ $(files) -le 120 ] && [ $(files) -ge 20 ] && echo few
quit TERM
grep -c 'crit\|emerg' logs/error.log; true
_EOC_
--- exec_out
/1 HIT 1 20001
some
MISS
/large MISS 1 400001
/large MISS 2 400001
/lock HIT 2 20001
MISS
/200 HIT 1 20001
few
0



=== TEST 3: words that are wrong
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Conf . <<'_EOC_';
try() { printf 'events {}\nhttp { %s }\n' "$1" >conf/x.conf; $B -t -c conf/x.conf 2>&1 | sed -n 's/.*\[emerg\] //p; s/.*syntax is ok/fine/p' | sed 's/ in .*//' | head -n 1; }
try 'proxy_cache_path c;'
try 'proxy_cache_path c max_size=1m;'
try 'proxy_cache_path c keys_zone=a;'
try 'proxy_cache_path c keys_zone=a:1;'
try 'proxy_cache_path c keys_zone=a:1m levels=3;'
try 'proxy_cache_path c keys_zone=a:1m levels=1:1:1:1;'
try 'proxy_cache_path c keys_zone=a:1m max_size=x;'
try 'proxy_cache_path c keys_zone=a:1m; proxy_cache_path d keys_zone=a:1m;'
try 'proxy_cache a;'
try 'proxy_cache $a;'
try 'proxy_cache_valid x 1m;'
try 'proxy_cache_valid 200 x;'
try 'proxy_cache_methods PUT;'
try 'proxy_cache_use_stale sometimes;'
try 'proxy_next_upstream updating;'
try 'proxy_cache_path c keys_zone=a:1m levels=2 use_temp_path=off inactive=1d max_size=1g min_free=1m manager_files=5 manager_sleep=1s manager_threshold=1s loader_files=5 loader_sleep=1s loader_threshold=1s; proxy_cache a;'
_EOC_
--- exec_out
invalid number of arguments
"proxy_cache_path" must have "keys_zone" parameter
invalid keys zone size "a"
zone "a" is too small
invalid parameter "levels=3"
invalid parameter "levels=1:1:1:1"
invalid parameter "max_size=x"
duplicate zone "a"
"proxy_cache" zone "a" is unknown
unknown "a" variable
invalid status "x"
"proxy_cache_valid" directive invalid value
invalid value "PUT"
invalid value "sometimes"
invalid value "updating"
fine
