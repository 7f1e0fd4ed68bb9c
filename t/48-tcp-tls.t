# TLS on perilune.tcp: both roles, each wrong certificate with its code, sessions, pins, start_tls.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR; timeout 100 $P run main.lua 2>err; echo exit $?; cat err
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "    location / { return 204; }\n");
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 20);
    }
});

run_tests();

__DATA__

=== TEST 1: verified by chain and name; what was agreed; ALPN
--- user_files
>>> main.lua
local tcp, tls = require "perilune.tcp", require "perilune.tls"
local ca = tls.make_certificate { common_name = "Test CA", ca = true }
local cert = tls.make_certificate { names = { "localhost" }, issuer = ca }
local context = tls.server_context { certificate_pem = cert.certificate, key_pem = cert.key, alpn = { "echo", "other" } }
local server = tcp.start_server(function(stream, info)
    print(info.tls.server_name, info.tls.alpn, info.tls.peer_certificate)
    for chunk in stream:each() do stream:put(chunk) end
end, { address = "127.0.0.1", tls = context })
local c = await(tcp.connect { host = "localhost", port = server:port(), tls = { ca_pem = ca.certificate },
    alpn = { "other", "echo" } })
await(c:put "secret")
print(await(c:take()))
local t = c:tls()
print(t.version, t.alpn, t.is_verified, t.is_resumed, t.peer_certificate.subject, t.peer_certificate.issuer)
await(c:shutdown())
print(await(c:take()))
c:close()
await(server:close())
--- exec_out
localhost	echo	nil
secret
TLSv1.3	echo	true	false	CN=localhost	CN=Test CA
nil
exit 0



=== TEST 2: certificates that are wrong in one way each; no version, no cipher in common
--- user_files
>>> main.lua
local tcp, tls, task = require "perilune.tcp", require "perilune.tls", require "perilune.task"
local ca = tls.make_certificate { common_name = "Test CA", ca = true }
local other = tls.make_certificate { common_name = "Other CA", ca = true }
local function outcome(cert, client)
    local server = tcp.start_server(function(stream) await(stream:take()) end, { address = "127.0.0.1",
        tls = { certificate_pem = cert.certificate, key_pem = cert.key } })
    client = client or {}
    local o = { host = "localhost", port = server:port(), tls = { ca_pem = client.ca or ca.certificate, crl = client.crl } }
    o.server_name, o.pins, o.insecure = client.server_name, client.pins, client.insecure
    local ok, result = try_await(tcp.connect(o))
    print(ok and "connected" or result.code, ok or result.stage)
    if ok then result:abort() end
    await(server:close(0))
end
local good = tls.make_certificate { names = { "localhost" }, issuer = ca, serial = 7 }
outcome(good)
outcome(tls.make_certificate { names = { "localhost" }, issuer = ca, ends_in = -60 })
outcome(tls.make_certificate { names = { "localhost" }, issuer = ca, starts_in = 3600 })
outcome(tls.make_certificate { names = { "example.com" }, issuer = ca })
outcome(tls.make_certificate { names = { "localhost" }, issuer = other })
outcome(tls.make_certificate { names = { "localhost" } })
outcome(good, { server_name = "elsewhere.test" })
local pin = require("perilune.core.secure").pin(good.certificate)
outcome(good, { pins = { pin } })
outcome(good, { pins = { "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", (pin:gsub("^sha256/", "")) } })
outcome(good, { pins = { "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" } })
local f = io.open("crl.pem", "w")
f:write(tls.make_revocations(ca, { 7 }))
f:close()
outcome(good, { crl = "crl.pem" })
outcome(tls.make_certificate { names = { "example.com" } }, { insecure = true })
local function agree(server_side, client_side)
    server_side.certificate_pem, server_side.key_pem, client_side.ca_pem = good.certificate, good.key, ca.certificate
    local server = tcp.start_server(print, { address = "127.0.0.1", tls = server_side })
    local ok, err = try_await(tcp.connect { host = "localhost", port = server:port(), tls = client_side })
    print(ok, err.code, err.stage)
    await(server:close(0))
end
local old = { "TLSv1.2" }
agree({ protocols = old }, { protocols = { "TLSv1.3" } })
agree({ protocols = old, ciphers = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256" },
    { protocols = old, ciphers = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384" })
--- exec_out_like
^connected	true
tls_expired	handshake
tls_not_yet_valid	handshake
tls_wrong_name	handshake
tls_unknown_ca	handshake
tls_self_signed	handshake
tls_wrong_name	handshake
connected	true
connected	true
tls_pin	handshake
tls_revoked	handshake
connected	true
false	tls_no_shared_protocol	handshake
false	tls_alert	handshake
exit 0
(.*\n)*.*insecure: the certificate of localhost is not verified



=== TEST 3: a server that is none, one that is silent, one that ends within the handshake
--- user_files
>>> main.lua
local tcp, task = require "perilune.tcp", require "perilune.task"
local function outcome(handler, opts)
    local server = tcp.start_server(handler, { address = "127.0.0.1" })
    local o = { host = "localhost", family = "ipv4_only", port = server:port(), tls = true, timeout = opts and 0.1 }
    local ok, err = try_await(tcp.connect(o))
    print(ok, err.code, err.stage, (err.message:match("^localhost:%d+: ")) ~= nil)
    await(server:close(0))
end
outcome(function(stream) await(stream:take()) stream:put "HTTP/1.1 400 Bad Request\r\n\r\n" end)
outcome(function(stream) await(task.sleep(5)) end, true)
outcome(function(stream) await(stream:take()) end)
outcome(function(stream) await(stream:take()) stream:abort() end)
--- exec_out
false	tls_not_tls	handshake	true
false	timeout	handshake	true
false	closed	handshake	true
false	reset	handshake	true
exit 0



=== TEST 4: client certificates
--- user_files
>>> main.lua
local tcp, tls = require "perilune.tcp", require "perilune.tls"
local ca = tls.make_certificate { common_name = "Test CA", ca = true }
local cert = tls.make_certificate { names = { "localhost" }, issuer = ca }
local me = tls.make_certificate { common_name = "client seven", issuer = ca }
local server = tcp.start_server(function(stream, info)
    local certificate = info.tls.peer_certificate
    stream:put(certificate and certificate.subject or "nobody")
end, { address = "127.0.0.1", tls = { certificate_pem = cert.certificate, key_pem = cert.key, client_auth = "required",
    ca_pem = ca.certificate, protocols = { "TLSv1.2" } } })
local to = { host = "localhost", port = server:port() }
to.tls = { ca_pem = ca.certificate, certificate_pem = me.certificate, key_pem = me.key }
local c = await(tcp.connect(to))
print(await(c:take()))
c:close()
to.tls = { ca_pem = ca.certificate }
local ok, err = try_await(tcp.connect(to))
print(ok, err.code)
await(server:close(1))
--- exec_out_like
^CN=client seven
false	(tls_alert|reset)
exit 0



=== TEST 5: a session is gone on with
--- user_files
>>> main.lua
local tcp, tls = require "perilune.tcp", require "perilune.tls"
local cert = tls.make_certificate { names = { "localhost" }, ca = true }
local server = tcp.start_server(function(stream, info)
    stream:put(info.tls.is_resumed and "again" or "first")
    await(stream:take())
end, { address = "127.0.0.1", tls = { certificate_pem = cert.certificate, key_pem = cert.key } })
local context = tls.client_context { ca_pem = cert.certificate }
local session
for _ = 1, 2 do
    local c = await(tcp.connect { host = "localhost", port = server:port(), tls = context, session = session })
    print(await(c:take()), c:tls().is_resumed)
    session = session or c:tls_session()
    print(session ~= nil)
    c:close()
end
await(server:close(1))
--- exec_out
first	false
true
again	true
true
exit 0



=== TEST 6: TLS on a live connection, in either role
--- user_files
>>> main.lua
local tcp, tls, frame = require "perilune.tcp", require "perilune.tls", require "perilune.frame"
local cert = tls.make_certificate { names = { "mail.test" }, ca = true }
local context = tls.server_context { certificate_pem = cert.certificate, key_pem = cert.key }
local server = tcp.start_server(function(stream)
    await(stream:put "220 hello\r\n")
    local line = await(stream:take())
    await(stream:put "220 go on\r\n")
    await(stream:start_tls { context = context, is_server = true })
    await(stream:put(line .. await(stream:take())))
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
io.write(await(c:take()))
await(c:put "STARTTLS ")
io.write(await(c:take()))
print(await(c:start_tls { context = tls.client_context { ca_pem = cert.certificate }, server_name = "mail.test" }))
await(c:put "now secret")
print(await(c:take()), c:tls().version)
print(await(c:take()))
c:close()
await(server:close(1))
--- exec_out eval
"220 hello\r
220 go on\r
true
STARTTLS now secret\tTLSv1.3
nil
exit 0
"



=== TEST 7: the PROXY header comes before the handshake
--- user_files
>>> main.lua
local tcp, tls = require "perilune.tcp", require "perilune.tls"
local cert = tls.make_certificate { names = { "localhost" }, ca = true }
local server = tcp.start_server(function(stream, info)
    stream:put { info.peer.host, " ", info.tls.version }
end, { address = "127.0.0.1", proxy_protocol = true, tls = { certificate_pem = cert.certificate, key_pem = cert.key } })
local c = await(tcp.connect { host = "localhost", port = server:port(), tls = { ca_pem = cert.certificate },
    proxy_protocol = { peer = { host = "10.9.8.7", port = 1 }, local_address = { host = "10.0.0.1", port = 2 } } })
print(await(c:take()))
c:close()
await(server:close(1))
--- exec_out
10.9.8.7 TLSv1.3
exit 0



=== TEST 8: a fatal alert behind the handshake is an error, never the end of what was read
--- user_files
>>> main.lua
local tcp, tls = require "perilune.tcp", require "perilune.tls"
local ca = tls.make_certificate { common_name = "Test CA", ca = true }
local stranger = tls.make_certificate { common_name = "Stranger", ends_in = 3600 }
local cert = tls.make_certificate { names = { "localhost" }, issuer = ca }
local server = tcp.start_server(function(stream) stream:put "secret" end, { address = "127.0.0.1", tls = {
    certificate_pem = cert.certificate, key_pem = cert.key, client_auth = "required", ca_pem = ca.certificate,
    protocols = { "TLSv1.3" } } })
for _, own in ipairs { {}, stranger } do
    local c = await(tcp.connect { host = "localhost", port = server:port(), tls = { ca_pem = ca.certificate,
        certificate_pem = own.certificate, key_pem = own.key } })
    print(c:is_open(), select(2, try_await(c:take())).code, select(2, try_await(c:take())).message)
    c:close()
end
await(server:close(1))
--- exec_out
true	tls_alert	the peer has ended TLS with an alert
true	tls_alert	the peer has ended TLS with an alert
exit 0



=== TEST 9: TLS on a live connection: whom the certificate must name; nobody may be reading; the context's role
--- user_files
>>> main.lua
local tcp, tls = require "perilune.tcp", require "perilune.tls"
local ca = tls.make_certificate { common_name = "Test CA", ca = true }
local cert = tls.make_certificate { names = { "localhost" }, issuer = ca }
local of_server = tls.server_context { certificate_pem = cert.certificate, key_pem = cert.key }
local of_client = tls.client_context { ca_pem = ca.certificate }
local function serve(stream)
    local ok = stream:start_tls({ context = of_server, is_server = true }):try_await()
    if ok then stream:put "secret" end
end
local server = tcp.start_server(serve, { address = "127.0.0.1" })
local file = tcp.start_server(serve, { path = "./sock" })
local function outcome(to, opts)
    local c = await(tcp.connect(to))
    local ok, err = pcall(function() return await(c:start_tls(opts)) end)
    print(ok and await(c:take()) or err.code or (err:gsub("^.-: ", "", 1)))
    c:abort()
end
local port = server:port()
outcome({ host = "localhost", family = "ipv4_only", port = port }, { context = of_client })
outcome({ host = "127.0.0.1", port = port }, { context = of_client })
outcome({ host = "127.0.0.1", port = port }, { context = of_client, server_name = "localhost" })
outcome({ path = "./sock" }, { context = of_client, server_name = "localhost" })
outcome({ path = "./sock" }, { context = of_client })
outcome({ path = "./sock" }, { context = of_server, server_name = "localhost" })
outcome({ path = "./sock" }, { context = of_client, is_server = true })
outcome({ path = "./sock" }, {})
local c = await(tcp.connect { path = "./sock" })
local d = c:take()
print(select(2, try_await(c:start_tls { context = of_client, server_name = "localhost" })).code)
c:abort()
print(d:try_await())
await(server:close(0))
await(file:close(0))
--- exec_out
secret
tls_wrong_name
secret
secret
start_tls: option 'server_name' is needed: whom the certificate must name
start_tls: option 'context' must be a context for clients, not one for servers
start_tls: option 'context' must be a context for servers, not one for clients
start_tls: option 'context' must be a context for clients, not a nil
busy
false	closed: the stream was aborted
exit 0



=== TEST 10: what would leave a connection less safe than it says is refused before it is made
--- user_files
>>> main.lua
local tcp, tls = require "perilune.tcp", require "perilune.tls"
local function refused(opts)
    opts.host, opts.port = "127.0.0.1", 1
    print((select(2, pcall(tcp.connect, opts)):gsub("^main.lua:%d+: ", "", 1)))
end
refused { pins = { "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" } }
refused { server_name = "localhost" }
refused { insecure = true }
refused { tls = true, pins = {} }
refused { tls = true, pins = { "sha256/AAA=" } }
refused { tls = true, alpn = { "a,b" } }
refused { tls = true, alpn = { "" } }
refused { tls = true, alpn = { ("x"):rep(256) } }
refused { tls = tls.server_context { self_signed = {} } }
print((select(2, pcall(tcp.start_server, print, { tls = tls.client_context {} })):gsub("^main.lua:%d+: ", "", 1)))
local cert = tls.make_certificate { names = { "localhost" } }
local server = tcp.start_server(function(stream) await(stream:take()) end, { address = "127.0.0.1",
    tls = { certificate_pem = cert.certificate, key_pem = cert.key } })
local c = await(tcp.connect { host = "localhost", port = server:port(), alpn = { "mqtt" }, tls = { ca_pem = cert.certificate } })
print("a server that names no protocols agrees on", c:tls().alpn)
c:close()
await(server:close(1))
--- exec_out
tcp.connect: option 'pins' needs 'tls'
tcp.connect: option 'server_name' needs 'tls'
tcp.connect: option 'insecure' needs 'tls'
tcp.connect: option 'pins' must not be empty
tcp.connect: option 'pins' must be an array of "sha256/" and 44 characters of base64
tcp.connect: option 'alpn' must be an array of names of 1 to 255 bytes without commas
tcp.connect: option 'alpn' must be an array of names of 1 to 255 bytes without commas
tcp.connect: option 'alpn' must be an array of names of 1 to 255 bytes without commas
tcp.connect: option 'tls' must be a context for clients, not one for servers
option 'tls' must be a context for servers, not one for clients
a server that names no protocols agrees on	nil
exit 0



=== TEST 11: a client that ends without the goodbye of TLS has gone away; that is no error of ours
--- user_files
>>> main.lua
local tcp, tls, task = require "perilune.tcp", require "perilune.tls", require "perilune.task"
local cert = tls.make_certificate { names = { "localhost" } }
local server = tcp.start_server(function(stream)
    for chunk in stream:each() do await(stream:put(chunk)) end
end, { address = "127.0.0.1", tls = { certificate_pem = cert.certificate, key_pem = cert.key } })
local cut
local relay = tcp.start_server(function(client)
    cut = await(tcp.connect { host = "127.0.0.1", port = server:port() })
    task.spawn(function() pcall(function() for chunk in cut:each() do client:put(chunk) end end) end)
    for chunk in client:each() do cut:put(chunk) end
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "localhost", port = relay:port(), tls = { ca_pem = cert.certificate } })
await(c:put "hello")
print(await(c:take()))
await(cut:shutdown())
while server:count() > 0 do await(task.sleep(0.001)) end
c:abort()
await(relay:close(0))
await(server:close(1))
--- exec_out
hello
exit 0
