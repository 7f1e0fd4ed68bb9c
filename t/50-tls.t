# perilune.tls: contexts and certificates from scripts; servers made in code that speak TLS.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
run() { cat >s.lua; $TEST_NGINX_BINARY run s.lua $PORT; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: a server with a certificate that it has made itself
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
run <<'L'
local http, tls = require "perilune.http", require "perilune.tls"
local ca = tls.make_certificate { common_name = "A", ca = true }
local own = tls.make_certificate { names = { "localhost" }, issuer = ca }
local file = io.open("ca.pem", "w") file:write(ca.certificate) file:close()
local server = http.start_server(function(req) return req.scheme .. " " .. req.path .. "\n" end,
    { address = "127.0.0.1", port = 0, tls = { certificate_pem = own.certificate, key_pem = own.key } })
local pipe = io.open("port", "w") pipe:write(server:port()) pipe:close()
os.execute("(curl -s --cacert ca.pem https://localhost:$(cat port)/a >out; curl -s --cacert ca.pem https://127.0.0.1:$(cat port)/ >/dev/null; echo $? >>out; touch done) &")
local task = require "perilune.task"
while not io.open("done") do task.sleep(0.02):await() end
server:close(0):await()
L
cat out
X
--- exec_out
https /a
60

=== TEST 2: clients that must show a certificate; a context is used by two servers
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server client stranger
run <<'L'
local http, tls, task = require "perilune.http", require "perilune.tls", require "perilune.task"
local context = tls.server_context { certificate = "server.pem", key = "server.key", client_auth = "required", ca = "ca.pem" }
local one = http.start_server(function() return "one\n" end, { address = "127.0.0.1", tls = context })
local two = http.start_server(function() return "two\n" end, { address = "127.0.0.1", tls = context })
context = nil
collectgarbage() collectgarbage()
local function curl(port, options)
    return "curl -s --cacert ca.pem " .. options .. " https://localhost:" .. port .. "/ >>out; echo $? >>out;"
end
os.execute("(" .. curl(one:port(), "--cert client.pem --key client.key") .. curl(two:port(), "--cert client.pem --key client.key")
    .. curl(one:port(), "") .. curl(two:port(), "--cert stranger.pem --key stranger.key") .. " touch done) &")
while not io.open("done") do task.sleep(0.02):await() end
one:close(0):await() two:close(0):await()
L
cat out
X
--- exec_out
one
0
two
0
56
56

=== TEST 3: a session is resumed by servers of the same certificates and the same rules for clients only
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two client stranger
cat >ask.sh <<'Y'
# ask FROM TO VERSION [options at FROM]: is a session of the one resumed by the other?
rm -f s.pem; from=$1 to=$2 version=$3; shift 3
printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$from $version -sess_out s.pem -ign_eof "$@" >/dev/null 2>&1
echo | openssl s_client -connect 127.0.0.1:$to $version -sess_in s.pem 2>&1 | grep -o '^Reused\|^New'
Y
run <<'L'
local http, tls, task = require "perilune.http", require "perilune.tls", require "perilune.task"
local function start(options)
    options.certificate, options.key = options.certificate or "server.pem", options.key or "server.key"
    return http.start_server(function() return "ok" end, { address = "127.0.0.1", tls = options })
end
local open, same = start {}, start {}
local other = start { certificate = "two.pem", key = "two.key" }
local closed = start { client_auth = "required", ca = "ca.pem" }
local foreign = start { client_auth = "required", ca = "stranger.pem" }
local asking = start { client_auth = "optional", ca = "ca.pem" }
local deep = start { client_auth = "required", ca = "ca.pem", depth = 1 }
local client = "-cert client.pem -key client.key"
local commands = {}
for _, case in ipairs { { open, same, "" }, { open, other, "" }, { open, closed, "" }, { asking, closed, client },
    { closed, closed, client }, { closed, foreign, client }, { closed, deep, client } } do
    for _, version in ipairs { "-tls1_2", "-tls1_3" } do
        table.insert(commands, ("sh ask.sh %d %d %s %s"):format(case[1]:port(), case[2]:port(), version, case[3]))
    end
end
os.execute("(" .. table.concat(commands, "; ") .. "; touch done) >out 2>&1 &")
while not io.open("done") do task.sleep(0.02):await() end
os.exit(0)
L
paste -d ' ' - - <out
X
--- exec_out
Reused Reused
New New
New New
New New
Reused Reused
New New
New New

=== TEST 4: misuse is raised with a hint, what the world says as an error object
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
run <<'L'
local tls, failure = require "perilune.tls", require "perilune.failure"
local function try(fn, ...)
    local ok, err = pcall(fn, ...)
    print(ok, (tostring(err):gsub("^[^ ]*lua:%d+: ", "")), failure.is(err) and err.code)
end
try(tls.server_context, { certifcate = "x" })
try(tls.server_context, { certificate = 1 })
try(tls.server_context, {})
try(tls.server_context, { certificate = "x" })
try(tls.server_context, { certificate = "/nonexistent", key = "k" })
try(tls.server_context, { certificate_pem = "x", key_pem = "y" })
try(tls.server_context, { self_signed = {}, protocols = { "TLSv1.4" } })
try(tls.server_context, { self_signed = {}, client_auth = "perhaps" })
try(tls.server_context, { self_signed = {}, client_auth = "required" })
try(tls.client_context, { ca = "/nonexistent" })
try(tls.client_context, { insecur = true })
try(tls.make_certificate, { key = "rsa4096" })
try(tls.make_certificate, { names = { "a,DNS:b" } })
try(tls.make_certificate, { issuer = { certificate = "x", key = "y" } })
try(tls.make_certificate, { issuer = { certificate = "x" } })
try(tls.context, 5)
print(type(tls.client_context()), type(tls.server_context { self_signed = { key = "rsa2048" } }))
L
X
--- exec_out
false	tls.server_context: unknown option 'certifcate'; did you mean 'certificate'?	false
false	tls.server_context: option 'certificate' must be a string, not 1	false
false	tls.server_context: a certificate is needed: 'certificate', 'certificate_pem' or 'self_signed'	false
false	tls.server_context: a key is needed: 'key' or 'key_pem'	false
false	not_found: cannot read "/nonexistent": not found	not_found
false	tls_material: no certificate could be read: no start line (Expecting: TRUSTED CERTIFICATE)	tls_material
false	tls.server_context: unknown protocol 'TLSv1.4'; did you mean 'TLSv1.1'?	false
false	tls.server_context: option 'client_auth' must be none, optional or required	false
false	tls.server_context: authorities are needed for client_auth = 'required': 'ca', 'ca_pem' or 'system_ca'	false
false	not_found: cannot read "/nonexistent": not found	not_found
false	tls.client_context: unknown option 'insecur'; did you mean 'insecure'?	false
false	tls.make_certificate: option 'key' must be p256 or rsa2048	false
false	invalid: certificate: invalid argument	invalid
false	tls_material: certificate: certificate or key cannot be used	tls_material
false	tls.make_certificate: option 'issuer' must have 'certificate' and 'key'	false
false	option 'tls' must be a context for servers, not a number	false
userdata	userdata

=== TEST 5: HTTP/2 is agreed on where a server made in code speaks it and its TLS names no protocols
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
run <<'L'
local http, tls = require "perilune.http", require "perilune.tls"
local function spoken(http2, context)
    local server = http.start_server(function(req) return req.protocol .. " " .. req.scheme end,
        { address = "127.0.0.1", http2 = http2, tls = context })
    local res = await(http.get("https://127.0.0.1:" .. server:port(), { insecure = true, as = "string" }))
    await(server:close(0))
    return res.body
end
local one = { names = { "127.0.0.1" } }
print(spoken(true, { self_signed = one }))
print(spoken(false, { self_signed = one }))
print(spoken(true, { self_signed = one, alpn = { "http/1.1" } }))
print(spoken(true, tls.server_context { self_signed = one }))
print(spoken(nil, tls.server_context { self_signed = one, alpn = { "h2", "http/1.1" } }))
L
X
--- exec_out
HTTP/2.0 https
HTTP/1.1 https
HTTP/1.1 https
HTTP/1.1 https
HTTP/2.0 https
