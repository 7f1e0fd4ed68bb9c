# Certificates whose files are named by variables.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
subject() { shake "$@" | sed -n 's/^subject=//p'; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: by the name that is asked for, by a map, as text; beside one that is always there; new files at once
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server rsa two other; mkdir names; cp two.pem two.key other.pem other.key rsa.pem rsa.key names
serve 'location / { return 200 "$ssl_server_name\n"; }' "
map \$ssl_server_name \$file { mapped two; default other; }
map \$ssl_server_name \$pem { text '$(cat two.pem)'; }
map \$ssl_server_name \$key { text '$(cat two.key)'; }
server { listen 127.0.0.1:$PORT ssl; server_name two other rsa missing ~^\\.\\.; ssl_certificate names/\$ssl_server_name.pem; ssl_certificate_key names/\$ssl_server_name.key; location / { return 200 'own \$remote_addr\n'; } }
server { listen 127.0.0.1:$PORT ssl; server_name mapped; ssl_certificate \$file.pem; ssl_certificate_key \$file.key; ssl_certificate rsa.pem; ssl_certificate_key rsa.key; }
server { listen 127.0.0.1:$PORT ssl; server_name text; ssl_certificate data:\$pem; ssl_certificate_key data:\$key;
  ssl_certificate_by_lua_block { ngx.sleep(0.001) } }"
for n in two other rsa mapped text localhost; do echo "$n: $(subject -servername $n)"; done
echo "mapped, RSA: $(subject -servername mapped -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256)"
for n in missing ../two; do echo "$n: $(subject -servername $n)"; done
cp names/other.pem names/two.pem; cp names/other.key names/two.key; echo "two: $(subject -servername two)"
curl -sk --resolve other:$PORT:127.0.0.1 https://other:$PORT/
cp names/rsa.key names/two.key; echo "two: $(subject -servername two)"
grep -o 'cannot load certificate: [^":]*\|asked for a server name.*file may have' logs/error.log; stop
X
--- exec_out
two: CN = two
other: CN = other
rsa: CN = rsa
mapped: CN = two
text: CN = two
localhost: CN = server
mapped, RSA: CN = rsa
missing: 
../two: 
two: CN = other
own 127.0.0.1
two: 
cannot load certificate: cannot read 
asked for a server name that no file may have
cannot load certificate: the key does not belong to the certificate

=== TEST 2: what is not possible says so
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
try() { printf 'events {} %s' "$1" >bad.conf; $B -t -c bad.conf 2>&1 | sed -n 's/.*\[emerg\] //p' | sed 's/ in [^ ]*bad.conf.*//; s/; syntax:.*//'; }
try 'http { server { listen 127.0.0.1:1 ssl; ssl_certificate $nosuch.pem; ssl_certificate_key x.key; } }'
try 'http { server { listen 127.0.0.1:1 ssl; ssl_certificate $ssl_server_name.pem; } }'
try 'http { ssl_certificate_cache max=0; }'
try 'http { ssl_certificate_cache inactive=5s; }'
X
--- exec_out
unknown "nosuch" variable
no "ssl_certificate_key" is defined for certificate "$ssl_server_name.pem"
invalid parameter "max=0"
"ssl_certificate_cache" must have the "max" parameter

=== TEST 3: a cache: what is in it needs no file until it is looked at again, is not used, or others need the room
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two other rsa; mkdir names; cp two.* other.* rsa.* names
with() { N=$1; serve '' "server { listen 127.0.0.1:$PORT ssl; server_name two other rsa; ssl_certificate_cache $2; ssl_certificate names/\$ssl_server_name.pem; ssl_certificate_key names/\$ssl_server_name.key; }"
echo "$N:"; for n in $3; do
    case $n in -) rm -f names/two.*;; +) cp two.pem two.key names;; swap) cp other.pem names/two.pem; cp other.key names/two.key;; wait) sleep 0.3;; *) echo " $n: $(subject -servername $n)";; esac
done; stop; cp two.* names; }
with off off 'two - two'
with kept 'max=2 inactive=60s' 'two - two + swap two'
with 'looked at' 'max=2 valid=0' 'two two swap two - two'
with room 'max=2 inactive=60s' 'two other - two rsa other two'
with unused 'max=2 inactive=100ms' 'two - wait two'
X
--- exec_out
off:
 two: CN = two
 two: 
kept:
 two: CN = two
 two: CN = two
 two: CN = two
looked at:
 two: CN = two
 two: CN = two
 two: CN = other
 two: 
room:
 two: CN = two
 other: CN = other
 two: CN = two
 rsa: CN = rsa
 other: CN = other
 two: 
unused:
 two: CN = two
 two: 
