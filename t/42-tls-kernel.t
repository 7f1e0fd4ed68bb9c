# `ssl_conf_command Options KTLS`: the kernel encrypts what is sent where it can, and what clients see is the same. On a kernel that cannot
# (no module `tls`) the same cases show that the library goes on by itself; t/unit/net/tls/tls_kernel.c shows on any kernel what goes to the socket, and
# t/lib/uml.sh runs this file in a kernel of its own that can.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
export PYTHONPATH=$PWD/t/lib PYTHONDONTWRITEBYTECODE=1; . t/lib/tls.sh
certs server
/usr/bin/python3 -c 'import random; open("big", "wb").write(random.Random(1).randbytes(3000000))'
echo small >small
DEBUG='error_log logs/error.log info; error_log logs/debug.log debug;'
KTLS='ssl_conf_command Options KTLS; location / { root .; }'
# Can this kernel? `yes` or `no`.
cat >able.py <<'EOF'
import socket, struct
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
TCP_ULP, SOL_TLS, TLS_TX, AES_GCM_128 = 31, 282, 1, 51
try:
    client.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls")
    client.setsockopt(SOL_TLS, TLS_TX, struct.pack("HH", 0x304, AES_GCM_128) + bytes(36))
    print("yes")
except OSError:
    print("no")
EOF
ABLE=$(/usr/bin/python3 able.py)
export ABLE
# How many connections has the kernel encrypted since the server began? To be compared with what it can.
in_kernel() { grep -c 'BIO_get_ktls_send(): 1' logs/debug.log; }
expect() { if [ "$ABLE" = yes ]; then echo "$1"; else echo 0; fi; }
_EOC_

timeout(200);
no_root_location();
run_tests();

__DATA__

=== TEST 1: each version of TLS and of HTTP: files, parts of them, what a handler makes; the kernel encrypts if it can
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve "http2 on; $KTLS
    location = /made { content_by_lua_block {
        for i = 1, 200000, 100 do
            local lines = {}
            for k = i, i + 99 do lines[#lines + 1] = k .. '\n' end
            ngx.print(lines) ngx.flush(i % 5000 == 1)
        end } }
    location = /pieces { content_by_lua_block { for i = 1, 3000 do ngx.print('x') ngx.flush() end } }" '' "$DEBUG"
seq 200000 >made
tail -c +100001 big | head -c 2000000 >part
for v in 1.2 1.3; do
    for h in http1.1 http2; do
        o="--tlsv$v --tls-max $v --$h"
        get /big $o | cmp - big && get /small $o | cmp - small && get /made $o | cmp - made && get /pieces $o | wc -c
        get /big $o -r 100000-2099999 | cmp - part && echo $v $h
    done
done
[ "$(in_kernel)" = "$(expect 20)" ] && echo "as it can"
stop
grep -E '\[(warn|error|crit|alert|emerg)\]' logs/error.log || echo quiet
X
--- exec_out
3000
1.2 http1.1
3000
1.2 http2
3000
1.3 http1.1
3000
1.3 http2
as it can
quiet



=== TEST 2: without the option the kernel is not asked; ciphers that it does not know, and TLS 1.2 with a session of before
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'location / { root .; }' '' "$DEBUG"
get /big | cmp - big && in_kernel
stop
serve "$KTLS" '' "$DEBUG"
get /big --tls-max 1.2 --ciphers ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA | cmp - big && in_kernel
for v in -tls1_2 -tls1_3; do
    rm -f session
    (printf 'GET /small HTTP/1.0\r\n\r\n'; wait_for '[ -s session ]') | openssl s_client -connect 127.0.0.1:$PORT -CAfile ca.pem $v -sess_out session -quiet 2>/dev/null | tail -1
    printf 'GET /small HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$PORT -CAfile ca.pem $v -sess_in session -ign_eof 2>/dev/null | grep -aE '^Reused|^small'
done
[ "$(in_kernel)" = "$(expect 4)" ] && echo "as it can"
stop
X
--- exec_out
0
0
small
Reused, TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384
small
small
Reused, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
small
as it can



=== TEST 3: clients that are slow to read get every byte, then close_notify, then the end
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve "$KTLS location = /made { content_by_lua_block { ngx.header.content_length = 3000000 ngx.print(('x'):rep(3000000)) } }" 'lingering_close off; postpone_output 1;'
cat >slow.py <<'EOF'
import os, time
from tls_records import *
port = int(os.environ["PORT"])
plain = socket.socket
class Small(plain):
    """So small a window that the server's queues are full."""
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
socket.socket = Small
big = open("big", "rb").read()
for version in 2, 3:
    for path, body in ("big", big), ("made", b"x" * 3000000):
        for pause in 0, 0.001, 0.05:
            s = Records(port, version)
            s.send(s.record(DATA, b"GET /%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path.encode()))
            time.sleep(pause)
            got, how = s.get()
            is_right = got.split(b"\r\n\r\n", 1)[1] == body
            if pause == 0 or how != "close_notify" or not is_right:
                print(version, path, is_right, how)
EOF
export PORT
/usr/bin/python3 slow.py
stop
X
--- exec_out
2 big True close_notify
2 made True close_notify
3 big True close_notify
3 made True close_notify



=== TEST 4: new keys: the client's are taken; where it wants ours, too, the kernel cannot change them: ended before more data, with an alert and a line
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve "$KTLS location = /read { content_by_lua_block { ngx.req.read_body() ngx.print('read') } }"
cat >keys.py <<'EOF'
import os
from tls_records import *
able = os.environ["ABLE"] == "yes"
GET = b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n"
s = Records(int(os.environ["PORT"]))
for i in range(3):
    s.send(s.new_keys(0), s.record(DATA, GET[:9]), s.new_keys(0), s.record(DATA, GET[9:]))
    print(s.get(b"small")[0][-6:])
s.send(s.new_keys(1), s.record(DATA, GET))
got, how = s.get(b"small")
if able:
    got, how = (b"small\n", None) if (got, how) == (b"", "TLSV1_ALERT_INTERNAL_ERROR") else (got, how)
print(got[-6:], how)
EOF
export PORT
/usr/bin/python3 keys.py
if [ "$ABLE" = yes ]; then logged 'new keys are asked for, which the kernel cannot change'; fi
get /small
stop
X
--- exec_out
b'small\n'
b'small\n'
b'small\n'
b'small\n' None
small



=== TEST 5: early data; TLS to a proxied server, with a body that the kernel encrypts
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve "ssl_early_data on; $KTLS location = /early { return 200 \$ssl_early_data-small; }
    location = /up { client_max_body_size 10m; client_body_buffer_size 16k; content_by_lua_block { ngx.req.read_body() local f = ngx.req.get_body_file()
        local h = io.open(f, 'rb'); local mine = io.open('big', 'rb'); ngx.say(h:read('*a') == mine:read('*a')) } }
    location = /via { client_max_body_size 10m; proxy_pass https://127.0.0.1:$PORT/up; proxy_ssl_conf_command Options KTLS; }" '' "$DEBUG"
(printf 'GET /small HTTP/1.0\r\n\r\n'; wait_for '[ -s session ]') | openssl s_client -connect 127.0.0.1:$PORT -CAfile ca.pem -tls1_3 -sess_out session -quiet 2>/dev/null | tail -1
printf 'GET /early HTTP/1.0\r\n\r\n' >early
openssl s_client -connect 127.0.0.1:$PORT -CAfile ca.pem -tls1_3 -sess_in session -early_data early -ign_eof </dev/null 2>/dev/null | grep -aE '^1-small|^Early data was'
get /via --data-binary @big -H Expect:
[ "$(in_kernel)" = "$(expect 5)" ] && echo "as it can"
stop
X
--- exec_out
small
Early data was accepted
1-small
true
as it can
