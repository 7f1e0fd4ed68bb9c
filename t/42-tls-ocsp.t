# OCSP: ngx.ocsp, and responses that the server fetches and staples itself. The responder is `openssl ocsp`.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/tls.sh
R=$TEST_NGINX_RAND_PORT_2
# sign NAME STATUS ['extension'…]: a certificate and its chain, whose responder is on port $R; STATUS: V (valid), R (revoked)
sign() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -subj /CN=$1 -out $1.csr 2>/dev/null
    printf 'subjectAltName=DNS:localhost\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:%s/ocsp\n' $R >$1.ext
    [ $# -lt 3 ] || printf '%s\n' "$3" >>$1.ext
    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -extfile $1.ext -out $1.pem 2>/dev/null
    cat $1.pem ca.pem >$1.chain
    printf '%s\t491231235959Z\t%s\t%s\tunknown\t/CN=%s\n' $2 "$([ $2 = R ] && echo 200101000000Z)" \
        $(openssl x509 -in $1.pem -noout -serial | cut -d= -f2) $1 >>index
}
# answer NAME SIGNER [options]: NAME.der, a response that SIGNER has signed
answer() { n=$1 s=$2; shift 2; openssl ocsp -index index -CA ca.pem -rsigner $s.pem -rkey $s.key -issuer ca.pem -cert $n.pem \
    -respout $n.der -ndays 2 "$@" >/dev/null 2>&1; }
status() { shake -status -servername ${1:-localhost} | grep -o 'Cert Status: .*\|OCSP response: no.*'; }
certs server
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: ngx.ocsp: responders, requests, and what holds of a response
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
sign good V; sign bad R; sign unknown V; sign delegate V 'extendedKeyUsage=OCSPSigning'; sign nobody V
answer good ca; cp good.der by-issuer.der; answer good delegate; cp good.der by-delegate.der
answer good nobody; cp good.der by-nobody.der; answer bad ca; answer unknown ca
openssl ocsp -index index -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem -cert good.pem -reqout good.req -no_nonce >/dev/null 2>&1
printf '\060\003\012\001\006' >refused.der
cat >main.lua <<'L'
local ocsp, ssl = require "ngx.ocsp", require "ngx.ssl"
local function read(path) local f = assert(io.open(path)) local s = f:read("*a") f:close() return s end
local function chain(name) return assert(ssl.cert_pem_to_der(read(name))) end
local good, port = chain("good.chain"), arg[1]
local url = assert(ocsp.get_ocsp_responder_from_der_chain(good))
print(url == "http://127.0.0.1:" .. port .. "/ocsp", ocsp.get_ocsp_responder_from_der_chain(good, 4))
print(ocsp.get_ocsp_responder_from_der_chain(chain("server.pem") .. chain("ca.pem")))
print(ocsp.get_ocsp_responder_from_der_chain(chain("server.pem")))
print(ocsp.get_ocsp_responder_from_der_chain(chain("good.pem")))
print(ocsp.get_ocsp_responder_from_der_chain(chain("good.pem") .. chain("bad.pem")))
for _, bad in ipairs { "", "junk", chain("good.pem"), chain("good.pem") .. "junk", chain("good.pem") .. chain("bad.pem") } do
    local request, err = ocsp.create_ocsp_request(bad)
    print(request, err:match("^[^:]*"))
end
local request = assert(ocsp.create_ocsp_request(good))
print(request == read("good.req"), select(2, ocsp.create_ocsp_request(good, 10)):match("^[^:]*"))
local ok, next_update = ocsp.validate_ocsp_response(read("by-issuer.der"), good)
print(ok, math.abs(next_update - os.time() - 2 * 86400) < 600)
print((ocsp.validate_ocsp_response(read("by-delegate.der"), good)))
for _, case in ipairs { { "by-nobody", "good" }, { "bad", "bad" }, { "by-issuer", "bad" }, { "refused", "good" } } do
    local response, err = ocsp.validate_ocsp_response(read(case[1] .. ".der"), chain(case[2] .. ".chain"))
    print(response, err:match("^[^:]*"), case[1])
end
print(ocsp.validate_ocsp_response("junk", good, 10))
print(ocsp.validate_ocsp_response(read("by-issuer.der"):sub(1, -2), good) == nil)
L
$TEST_NGINX_BINARY run main.lua $R 2>&1
X
--- exec_out
true	http	truncated
nil	nil
nil	nil
nil	no issuer certificate in chain
nil	issuer certificate not next to leaf
nil	d2i_X509_bio() failed
nil	d2i_X509_bio() failed
nil	no issuer certificate in chain
nil	d2i_X509_bio() failed
nil	issuer certificate not next to leaf
true	output buffer too small
true	true
true
nil	OCSP_basic_verify() failed	by-nobody
nil	certificate status "revoked" in the OCSP response	bad
nil	certificate status not found in the OCSP response	by-issuer
nil	OCSP response not successful (6	refused
nil	d2i_OCSP_R
true



=== TEST 2: stapled by Lua, for clients that ask
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
sign good V; answer good ca
serve 'ssl_certificate good.chain; ssl_certificate_key good.key;
ssl_certificate_by_lua_block {
    local f = assert(io.open("'$D'/good.der")) local response = f:read("*a") f:close()
    local ok, err = require("ngx.ocsp").set_ocsp_status_resp(response)
    ngx.log(ngx.WARN, "stapled: ", ok, " ", err) }
location / { content_by_lua_block { ngx.say((select(2, pcall(require("ngx.ocsp").set_ocsp_status_resp, "x")):match("API.*"))) } }'
for v in -tls1_2 -tls1_3; do
    shake -status $v -servername localhost | grep -o 'Cert Status: .*'
    shake $v -servername localhost | grep -c 'OCSP'
done
get /
grep -o 'stapled: [a-z]* [a-z ]*' logs/error.log
stop
X
--- exec_out
Cert Status: good
0
Cert Status: good
0
API disabled in the current context
stapled: true nil
stapled: true no status req
stapled: true nil
stapled: true no status req
stapled: true no status req



=== TEST 3: the server asks the responders itself, of all its certificates, and says what it cannot use
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
sign good V; sign bad R; sign also V
openssl ocsp -port $R -index index -CA ca.pem -rsigner ca.pem -rkey ca.key -ndays 2 >responder.log 2>&1 & O=$!
wait_for 'grep -q waiting responder.log'
openssl x509 -in server.pem -out lone.pem; cat server.pem ca.pem >whole.pem
serve 'ssl_stapling on; ssl_stapling_verify on; ssl_trusted_certificate ca.pem;
  ssl_certificate good.pem; ssl_certificate_key good.key; location / { return 200 ok; }' "
server { listen 127.0.0.1:$PORT ssl; server_name bad; ssl_stapling on; ssl_certificate bad.chain; ssl_certificate_key bad.key; }
server { listen 127.0.0.1:$PORT ssl; server_name none; ssl_stapling on; ssl_certificate whole.pem; ssl_certificate_key server.key; }
server { listen 127.0.0.1:$PORT ssl; server_name lone; ssl_stapling on; ssl_certificate lone.pem; ssl_certificate_key server.key; }
server { listen 127.0.0.1:$PORT ssl; server_name also; ssl_stapling on; ssl_stapling_responder http://localhost:$R/x;
  ssl_certificate also.chain; ssl_certificate_key also.key; }"
wait_for '[ "$(status)" = "Cert Status: good" ]'
wait_for '[ "$(status also)" = "Cert Status: good" ]'
for n in localhost also bad none; do echo "$n: $(status $n)"; done
logged 'for certificate ".*bad.chain" cannot be used: certificate status "revoked"'
logged '"ssl_stapling" ignored, no OCSP responder URL for certificate ".*whole.pem"'
logged '"ssl_stapling" ignored, no issuer certificate in chain for certificate ".*lone.pem"'
stop; kill $O; wait $O; true
X
--- exec_out
localhost: Cert Status: good
also: Cert Status: good
bad: OCSP response: no response sent
none: OCSP response: no response sent



=== TEST 4: sslhandshake asks for a response when it is told to
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'ssl_certificate_by_lua_block { ngx.log(ngx.WARN, "asked: ", select(2, require("ngx.ocsp").set_ocsp_status_resp("x"))) }
location / { content_by_lua_block {
    for _, status in ipairs { false, true } do
        local sock = ngx.socket.tcp()
        assert(sock:connect("127.0.0.1", ngx.var.server_port))
        ngx.say(sock:sslhandshake(false, "localhost", false, status))
        sock:close()
    end } }'
printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -quiet -connect 127.0.0.1:$PORT 2>/dev/null | tail -2
grep -o 'asked: [a-z ]*' logs/error.log
stop
X
--- exec_out
true
true
asked: no status req
asked: no status req
asked: nil
