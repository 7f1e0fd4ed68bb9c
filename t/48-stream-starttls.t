# Sessions of stream { } that begin in the clear and go over to TLS (serversslhandshake), and variables in handshakes.
# Servers are started by `exec`; the client is a session, too, at $PORT, whose code is CLIENT.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
TLS="ssl_certificate server.pem; ssl_certificate_key server.key;"
stream() {
    cat >conf/perilune.conf <<X
user root; daemon off; master_process off; error_log logs/error.log info; pid logs/m.pid; events {}
stream { lua_ssl_trusted_certificate ca.pem; $1
server { listen 127.0.0.1:$PORT; content_by_lua_block {
    local sock = ngx.socket.tcp() sock:settimeout(60000)
    assert(sock:connect("unix:$D/s.sock"))
    local function shake(name) local ok, err = sock:sslhandshake(false, name, true) ngx.say("client: ", ok, " ", err) return ok end
    $2 } } }
X
    $B -c conf/perilune.conf & P=$!
    wait_for "[ -s logs/m.pid ] || is_gone $P"
}
ask() { perl -MIO::Socket -e '$s = IO::Socket::INET->new($ARGV[0]); print <$s>' "127.0.0.1:$PORT"; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: STARTTLS; what the handshake tells, also when it is asked for again; variables and the log know of it
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
stream "$TLS
log_format f '\$status \$ssl_protocol'; access_log logs/a.log f;
server { listen unix:$D/s.sock; content_by_lua_block {
    local sock = ngx.req.socket(true)
    sock:send(sock:receive() .. ': go on, ' .. tostring(ngx.var.ssl_protocol) .. '\n')
    local facts = assert(sock:serversslhandshake())
    sock:send(facts.protocol .. ' ' .. tostring(facts.session_reused) .. ' ' .. tostring(#facts.cipher > 0) .. '\n')
    sock:send(tostring(sock:serversslhandshake().cipher == facts.cipher) .. ' ' .. ngx.var.ssl_protocol .. '\n')
    sock:send(sock:receive():upper() .. '\n') } }" '
    sock:send("STARTTLS\n") ngx.say(sock:receive()) shake("localhost")
    ngx.say(sock:receive()) ngx.say(sock:receive()) sock:send("ping\n") ngx.say(sock:receive("*a"))'
ask; wait_for 'grep -q TLS logs/a.log'; grep -c '200 TLSv1.3' logs/a.log; stop
X
--- exec_out
STARTTLS: go on, nil
client: true nil
TLSv1.3 false true
true TLSv1.3
PING

1

=== TEST 2: without certificates there is no TLS, and the session goes on; arguments are refused
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
stream "server { listen unix:$D/s.sock; content_by_lua_block {
    local sock = ngx.req.socket(true)
    ngx.say(select(2, pcall(sock.serversslhandshake, sock, 1)))
    ngx.say(select(2, sock:serversslhandshake()))
    ngx.say(ngx.socket.tcp().serversslhandshake) } }" 'ngx.print(sock:receive("*a"))'
ask; stop
X
--- exec_out
ngx.socket serversslhandshake: expecting 1 argument (the object), but seen 2
ssl not configured for this server
nil

=== TEST 3: what was peeked at is the beginning of the handshake: one port for both kinds of client
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
stream "$TLS
server { listen unix:$D/s.sock;
    preread_by_lua_block {
        local sock = ngx.req.socket()
        ngx.ctx.sock = sock
        if sock:peek(1) == '\\22' then assert(sock:serversslhandshake()) end }
    content_by_lua_block { ngx.ctx.sock:send((ngx.var.ssl_protocol or 'clear') .. ' ' .. ngx.ctx.sock:receive() .. '\n') } }" '
    sock:send("hello\n") ngx.say(sock:receive())
    sock:close() assert(sock:connect("unix:" .. ngx.config.prefix() .. "s.sock"))
    shake("localhost") sock:send("hello\n") ngx.say(sock:receive())'
ask; stop
X
--- exec_out
clear hello
client: true nil
TLSv1.3 hello

=== TEST 4: what a client sends in the clear behind its command is never taken for something said by TLS
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
stream "$TLS
server { listen unix:$D/s.sock; content_by_lua_block {
    local sock = ngx.req.socket(true)
    sock:receive()
    local ok, err = sock:serversslhandshake()
    ngx.log(ngx.WARN, 'handshake: ', ok, ' ', err, '; then: ', sock:receive()) } }" '
    sock:send("STARTTLS\nINJECTED\n") shake("localhost")'
ask; logged 'handshake: nil handshake failed; then: nilclosed'
stop
X
--- exec_out
client: nil handshake failed

=== TEST 5: Lua of the handshake may wait, reads variables, and chooses by name; a client that ends meanwhile is noticed
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two
stream "$TLS lua_shared_dict d 1m;
server { listen unix:$D/s.sock; server_name localhost; content_by_lua_block {
    local sock = ngx.req.socket(true)
    sock:receive()
    sock:send('go on\n')
    local ok, err = sock:serversslhandshake()
    if ok then sock:send(ngx.var.ssl_server_name .. '\n') end
    ngx.log(ngx.WARN, 'the handshake is over: ', tostring(ok ~= nil), ' ', err) } }
server { listen unix:$D/s.sock; server_name two.example; ssl_certificate two.pem; ssl_certificate_key two.key;
    ssl_certificate_by_lua_block {
        ngx.log(ngx.WARN, 'for ', ngx.var.ssl_server_name, ' in ', ngx.get_phase(), ' by ', ngx.var.protocol)
        while not ngx.shared.d:get('go') do ngx.sleep(0.001) end }
    return ''; }" '
    sock:send("STARTTLS\n") sock:receive()
    local thread = ngx.thread.spawn(shake, "two.example")
    ngx.shared.d:set("go", 1)
    ngx.thread.wait(thread)
    ngx.say(sock:receive())
    ngx.shared.d:delete("go")
    sock:close() assert(sock:connect("unix:" .. ngx.config.prefix() .. "s.sock"))
    sock:send("STARTTLS\n") sock:receive()
    sock:settimeout(1) shake("two.example")
    ngx.shared.d:set("go", 1)'
ask; logged 'for two.example in ssl_cert by TCP'; logged 'the handshake is over: true nil'; logged 'the handshake is over: false handshake failed'; stop
X
--- exec_out
client: true nil
two.example
client: nil timeout

=== TEST 6: clients without the certificate that is asked for; a handshake that takes too long
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client
stream "$TLS lua_check_client_abort on;
server { listen unix:$D/s.sock; ssl_client_certificate ca.pem; ssl_verify_client on; content_by_lua_block {
    local sock = ngx.req.socket(true)
    local command = sock:receive()
    sock:send('go on\n')
    if command == 'SLOWLY' then sock:settimeout(1) end
    local ok, err = sock:serversslhandshake()
    if ok then sock:send(ngx.var.ssl_client_verify .. '\n') end
    if err then ngx.log(ngx.WARN, command, ': ', err) end } }" '
    local function again() sock:close() assert(sock:connect("unix:" .. ngx.config.prefix() .. "s.sock")) end
    sock:send("NOBODY\n") sock:receive() sock:sslhandshake(false, "localhost", true) ngx.say(sock:receive())
    again() sock:send("SLOWLY\n") sock:receive() ngx.say(sock:receive())
    again() local function text(name) local f = assert(io.open(ngx.config.prefix() .. name)) return f:read "*a" end
    sock:setclientcert(text "client.pem", text "client.key")
    sock:send("KNOWN\n") sock:receive() shake("localhost") ngx.say(sock:receive())'
ask; logged 'NOBODY: handshake failed'; logged 'client sent no required SSL certificate'; logged 'SLOWLY: timeout'; stop
X
--- exec_out
nilclosed
nilclosed
client: true nil
SUCCESS

=== TEST 7: variables in the handshakes of a port that listens with ssl, in Lua and in names of files
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
stream "map \$ssl_server_name \$file { localhost server; default none; }
ssl_certificate \$file.pem; ssl_certificate_key \$file.key;
server { listen unix:$D/s.sock ssl;
    ssl_client_hello_by_lua_block { ngx.log(ngx.WARN, 'hello by ', ngx.var.protocol, ' ', ngx.var.nothing) }
    ssl_certificate_by_lua_block { ngx.log(ngx.WARN, 'asked for ', ngx.var.ssl_server_name, ' ', pcall(function() ngx.var.x = 1 end)) }
    return 'welcome'; }" 'shake("localhost") ngx.say(sock:receive("*a"))'
ask; logged 'hello by TCP nil'; logged 'asked for localhost false'; stop
X
--- exec_out
client: true nil
welcome
