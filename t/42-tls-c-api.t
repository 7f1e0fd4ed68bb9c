# OpenResty's C functions of TLS by FFI, as libraries call them, and what is new in ngx.ssl; light threads in handshakes.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
subject() { shake "$@" | sed -n 's/^subject=//p'; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: functions by their names in C: material, addresses, what is not there
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server two
serve 'ssl_certificate_by_lua_block {
    local ffi = require "ffi"
    ffi.cdef "int ngx_http_lua_ffi_cert_pem_to_der(const unsigned char *pem, size_t n, unsigned char *der, char **err); \
        int ngx_http_lua_ffi_priv_key_pem_to_der(const unsigned char *pem, size_t n, const unsigned char *pass, unsigned char *der, char **err); \
        int ngx_http_lua_ffi_ssl_clear_certs(ngx_http_request_t *r, char **err); \
        int ngx_http_lua_ffi_ssl_set_der_certificate(ngx_http_request_t *r, const char *data, size_t len, char **err); \
        int ngx_http_lua_ffi_ssl_set_der_private_key(ngx_http_request_t *r, const char *data, size_t len, char **err); \
        int ngx_http_lua_ffi_ssl_server_port(ngx_http_request_t *r, unsigned short *port, char **err); \
        int ngx_http_lua_ffi_proxy_ssl_clear_certs(ngx_http_request_t *r, char **err); \
        void *ngx_http_lua_ffi_get_upstream_ssl_pointer(ngx_http_request_t *r, char **err); "
    local base = require "resty.core.base"
    local C, err, r = ffi.C, ffi.new "char *[1]", base.get_request()
    local function read(path) local f = assert(io.open(path)) local s = f:read("*a") f:close() return s end
    local cert, key = read("two.pem"), read("two.key")
    local room, port = ffi.new("unsigned char[?]", 8192), ffi.new "unsigned short[1]"
    assert(r ~= nil and C.ngx_http_lua_ffi_ssl_clear_certs(r, err) == 0)
    local n = C.ngx_http_lua_ffi_cert_pem_to_der(cert, #cert, room, err)
    assert(n > 0 and C.ngx_http_lua_ffi_ssl_set_der_certificate(r, ffi.string(room, n), n, err) == 0)
    n = C.ngx_http_lua_ffi_priv_key_pem_to_der(key, #key, nil, room, err)
    assert(n > 0 and C.ngx_http_lua_ffi_ssl_set_der_private_key(r, ffi.string(room, n), n, err) == 0)
    assert(C.ngx_http_lua_ffi_ssl_server_port(r, port, err) == 0 and port[0] == '$PORT')
    assert(C.ngx_http_lua_ffi_cert_pem_to_der("x", 1, room, err) == -1)
    ngx.log(ngx.WARN, "says ", ffi.string(err[0]))
    assert(C.ngx_http_lua_ffi_ssl_set_der_certificate(r, "x", 1, err) == -1 and C.ngx_http_lua_ffi_proxy_ssl_clear_certs(r, err) == -1)
    ngx.log(ngx.WARN, "says ", ffi.string(err[0]))
    assert(C.ngx_http_lua_ffi_get_upstream_ssl_pointer(r, err) == nil)
    ngx.log(ngx.WARN, "says ", ffi.string(err[0])) }'
subject
grep -o 'says [^,:]*' logs/error.log; stop
X
--- exec_out
CN = two
says PEM_read_bio_X509_AUX() failed
says API disabled in the current context
says bad upstream connection

=== TEST 2: random numbers, keys for others, ciphers, pointers; the ClientHello's lists
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_client_hello_by_lua_block {
    local hello = require "ngx.ssl.clienthello"
    local extensions, ciphers = hello.get_client_hello_ext_present(), hello.get_client_hello_ciphers()
    table.sort(extensions)
    ngx.log(ngx.WARN, "hello ", extensions[1], " ", table.concat(ciphers, " ")) }
  ssl_certificate_by_lua_block {
    local ssl = require "ngx.ssl"
    ngx.log(ngx.WARN, "shared ", table.concat(ssl.get_req_shared_ssl_ciphers(), " ")) }
  location / { content_by_lua_block {
    local ssl, ffi = require "ngx.ssl", require "ffi"
    local pointer = assert(ssl.get_req_ssl_pointer())
    ffi.cdef "const char *SSL_get_version(const void *ssl);"
    ngx.say(#ssl.get_client_random(), #ssl.get_server_random(8), ssl.get_client_random(0), " ", #ssl.get_session_master_key(), ssl.get_session_master_key(0) > 0)
    ngx.say(ffi.string(ffi.C.SSL_get_version(pointer)), " ", ssl.ssl_session_reused(pointer), ssl.ssl_session_reused(), " ", select(2, ssl.ssl_session_reused(nil)))
    ngx.say(#ssl.export_keying_material(40, "EXPORTER-x", "y"), ssl.export_keying_material(9, "EXPORTER-x") ~= ssl.export_keying_material(9, "EXPORTER-x", ""), ssl.export_keying_material(16, "a") == ssl.export_keying_material(16, "a"))
    ngx.say(ssl.export_keying_material_early(16, "EXPORTER-x"))
    ngx.say(pcall(require("ngx.ssl.clienthello").get_client_hello_ciphers)) } }'
get / --tls-max 1.2 --ciphers ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256
grep -o 'hello [0-9 ]*\|shared [0-9 ]*' logs/error.log; stop
X
--- exec_out_like
^32832 48true
TLSv1.2 falsefalse bad ssl
40(true|false)true
nilSSL_export_keying_material_early\(\) failed
falseAPI disabled in the current context
hello 0 49196 49195( 255)?
shared 49196 49195$

=== TEST 3: light threads in handshakes: all are waited for; ngx.exit of one, or a failure of the code, ends the others
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'client_header_timeout 500ms; ssl_certificate_by_lua_block {
    local name = require("ngx.ssl").server_name()
    local function say(...) ngx.log(ngx.WARN, "says ", ...) end
    local function work(n) ngx.sleep(0.01 * n) say(name, " ", n, " ", ngx.get_phase()) return n end
    if name == "waits" then
        local a, b = ngx.thread.spawn(work, 6000), ngx.thread.spawn(work, 1)
        local _, first = ngx.thread.wait(a, b)
        say("first ", first)
        ngx.thread.kill(a)
    elseif name == "leaves" then
        ngx.thread.spawn(work, 1)
    elseif name == "exits" then
        ngx.thread.spawn(function() ngx.sleep(0.01) ngx.exit(ngx.ERROR) end)
        ngx.thread.spawn(work, 6000)
        ngx.sleep(60)
    elseif name == "fails" then
        ngx.thread.spawn(work, 6000)
        ngx.sleep(0.01)
        error("no more")
    elseif name == "thread" then
        ngx.thread.wait(ngx.thread.spawn(function() error("of its own") end))
    elseif name == "gone" then
        ngx.thread.spawn(function() local ok, err = pcall(ngx.sleep, 60) say("gone ", err) end)
        say("is there")
        ngx.sleep(60)
    end }'
for n in waits leaves exits fails thread; do echo "$n: $(subject -servername $n)"; done
subject -servername gone; logged 'says gone'
get / -o /dev/null -w '%{http_code}\n'
grep -o 'says [^,]*' logs/error.log; grep -c 'no more\|of its own' logs/error.log; stop; echo "ended $?"
X
--- exec_out
waits: CN = server
leaves: CN = server
exits: 
fails: 
thread: CN = server
404
says waits 1 ssl_cert
says first 1
says leaves 1 ssl_cert
says is there
says gone closed: connection closed
2
ended 0

=== TEST 4: ngx.ctx: one table for the handshakes of a connection, which its requests see but do not change
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'ssl_client_hello_by_lua_block { ngx.ctx.name, ngx.ctx.n = require("ngx.ssl").server_name(), 1 }
  ssl_certificate_by_lua_block { ngx.sleep(0.001) assert(ngx.ctx.n == 1) ngx.ctx.n = ngx.ctx.n + 1 }
  location / { access_by_lua_block { ngx.ctx.n = ngx.ctx.n + 10 }
    content_by_lua_block { ngx.say(ngx.ctx.name, " ", ngx.ctx.n, " ", ngx.ctx.none, " ", rawget(ngx.ctx, "name")) } }
  location /own { content_by_lua_block { ngx.ctx = { own = 1 } ngx.say(ngx.ctx.name, ngx.ctx.own) } }' 'ssl_session_tickets on; http2 on;'
for v in --http1.1 --http2; do curl -s $v --cacert ca.pem "https://localhost:$PORT/" "https://localhost:$PORT/" "https://localhost:$PORT/own" -w '%{num_connects} '; done; echo
curl -s --cacert ca.pem --resolve two:$PORT:127.0.0.1 -k https://two:$PORT/
stop
X
--- exec_out
localhost 12 nil nil
1 localhost 12 nil nil
0 nil1
0 localhost 12 nil nil
1 localhost 12 nil nil
0 nil1
0 
two 12 nil nil

=== TEST 5: SSL and SSL_CTX of the request and of a socket, by the names of lua-resty-openssl
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
certs server
serve 'lua_ssl_trusted_certificate ca.pem; location / { content_by_lua_block {
    local ffi = require "ffi"
    ffi.cdef "int ngx_http_lua_resty_openssl_aux_get_request_ssl(void *r, void **out); \
        int ngx_http_lua_resty_openssl_aux_get_request_ssl_ctx(void *r, void **out); \
        int ngx_http_lua_resty_openssl_aux_get_socket_ssl(void *u, void **out); \
        int ngx_stream_lua_resty_openssl_aux_get_socket_ssl_ctx(void *u, void **out); \
        const char *SSL_get_version(const void *ssl); void *SSL_get_SSL_CTX(const void *ssl); int SSL_is_server(const void *ssl);"
    local C, out = ffi.C, ffi.new "void *[1]"
    local function say(fn, ctx_fn, from)
        if fn(from, out) ~= 0 then return ngx.say("none ", ctx_fn(from, out)) end
        local ssl = out[0]
        ngx.say(ffi.string(C.SSL_get_version(ssl)), " ", C.SSL_is_server(ssl), " ", ctx_fn(from, out) == 0 and out[0] == C.SSL_get_SSL_CTX(ssl))
    end
    say(C.ngx_http_lua_resty_openssl_aux_get_request_ssl, C.ngx_http_lua_resty_openssl_aux_get_request_ssl_ctx)
    local function say_socket(from)
        say(C.ngx_http_lua_resty_openssl_aux_get_socket_ssl, C.ngx_stream_lua_resty_openssl_aux_get_socket_ssl_ctx, from)
    end
    local sock = ngx.socket.tcp()
    say_socket(nil)
    assert(sock:connect("127.0.0.1", '$PORT'))
    say_socket(sock[1])
    assert(sock:sslhandshake(nil, "localhost", true))
    say_socket(sock[1])
    sock:close()
    say_socket(sock[1] or nil)
    say_socket(io.stdout)
  } }'
get / --tls-max 1.2
stop
X
--- exec_out
TLSv1.2 1 true
none -1
none -1
TLSv1.3 0 true
none -1
none -1
