# The snippets of the documents, page by page; t/lib/docs_snippets.lua says which ones are run and how.
use Test::Nginx::Socket 'no_plan';

$ENV{TEST_NGINX_PROJECT} ||= cwd();

no_root_location();
run_tests();

__DATA__

=== TEST 1: README.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/README.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 2: docs/guide/01-install.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/01-install.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 3: docs/guide/02-first-handler.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/02-first-handler.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 4: docs/guide/03-routes.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/03-routes.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 5: docs/guide/04-streaming.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/04-streaming.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 6: docs/guide/05-uploads.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/05-uploads.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 7: docs/guide/06-static-files.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/06-static-files.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 8: docs/guide/07-running.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/07-running.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 9: docs/guide/08-testing.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/08-testing.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 10: docs/modules/http.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/http.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 11: docs/modules/task.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/task.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 12: docs/modules/deferred.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/deferred.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 13: docs/modules/stream.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/stream.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 14: docs/modules/failure.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/failure.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 15: docs/modules/json.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/json.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 16: docs/from-openresty.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/from-openresty.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 17: docs/from-aleph.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/from-aleph.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 18: docs/modules/shared.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/shared.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 19: docs/guide/09-tls.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/09-tls.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 20: docs/modules/tls.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/tls.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 21: docs/modules/router.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/router.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 22: docs/guide/12-deferreds-and-streams.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/12-deferreds-and-streams.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 23: docs/modules/middleware.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/middleware.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 24: docs/modules/time.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/time.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 25: docs/modules/forms.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/forms.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 26: docs/modules/bus.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/bus.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 27: docs/modules/sse.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/sse.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 28: docs/modules/flow.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/flow.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 29: docs/guide/13-client-and-proxy.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/13-client-and-proxy.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 30: docs/guide/10-http2.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/10-http2.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 31: docs/guide/11-tcp-udp-dns.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/11-tcp-udp-dns.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 32: docs/modules/dns.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/dns.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 33: docs/modules/frame.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/frame.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 34: docs/modules/http-client.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/http-client.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 35: docs/modules/tcp.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/tcp.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 36: docs/modules/udp.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/udp.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 37: docs/modules/websocket.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/websocket.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 38: docs/modules/crypto.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/crypto.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 39: docs/modules/session.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/session.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 40: docs/modules/jwt.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/jwt.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 41: docs/modules/accept.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/accept.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 42: docs/guide/15-notes.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 60
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/15-notes.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 43: docs/guide/14-stream.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/guide/14-stream.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 44: docs/modules/redis.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
. t/lib/services.sh
start_redis $TEST_NGINX_RAND_PORT_2
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/redis.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1 $TEST_NGINX_RAND_PORT_2
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 45: docs/modules/process.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/process.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$

=== TEST 46: docs/modules/worker_thread.md
--- config
    location / { return 200; }
--- request
GET /
--- timeout: 30
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_PROJECT/t/lib/docs_snippets.lua $TEST_NGINX_BINARY $TEST_NGINX_PROJECT/docs/modules/worker_thread.md $TEST_NGINX_SERVROOT/page $TEST_NGINX_RAND_PORT_1
--- exec_out_like: ^ok, [1-9]\d* snippets$
