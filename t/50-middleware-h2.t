# The whole kit around one handler that waits, over HTTP/2 and HTTP/1.1: the same answers.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: everything at once
--- http_config
    lua_package_path "$TEST_NGINX_HTML_DIR/?.lua;;";
    lua_shared_dict kit 1m;
--- config
    http2 on;
    location / { handler app; }
--- user_files
>>> app.lua
local http, task = require "perilune.http", require "perilune.task"
local mw, key = http.middleware, ("k"):rep(32)
local function handle(req)
    await(task.sleep(0))
    local s = await(req:session())
    if req.path == "/token" then return req:csrf_token() end
    if req.path == "/raise" then error("secret", 0) end
    s.data.n = (s.data.n or 0) + 1
    return { headers = { ["X-Seen"] = ("%s %s %s %s %s"):format(req.method, tostring(req.params.a), req.accepts.type, #req.trace.id, s.data.n) },
        cookies = { seen = "yes" }, flash = req.method ~= "GET" and "done" or nil, body = tostring(await(req:flash())) }
end
return mw.around(handle, { mw.proxy_headers { trusted = { "10.0.0.1" } }, mw.access_log { write = function() end }, mw.request_id(), mw.timing(), mw.trace_context { respond = true },
    mw.error_pages(), mw.security_headers(), mw.cors { origins = { "https://a.example" } }, mw.timeout { seconds = 30 }, mw.concurrency { most = 5 },
    mw.rate_limit { dict = "kit", most = 100 }, mw.body_limit { bytes = 1000 }, mw.conditional(), mw.method_override(), mw.negotiate { types = { "text/plain", "text/html" } },
    mw.cookies { keys = key, encrypt = true, plain = { "session" } }, mw.session { keys = key }, mw.flash(), mw.params(), mw.csrf { keys = key, token = false },
    mw.jwt { key = key, optional = true }, mw.idempotency { dict = "kit" } })
--- exec
U=http://127.0.0.1:$TEST_NGINX_SERVER_PORT
cd $TEST_NGINX_HTML_DIR
for v in --http2-prior-knowledge --http1.1; do
    rm -f jar
    ask() { curl -s --max-time 100 $v -b jar -c jar -o body -D head -w '%{http_version} %{http_code}\n' "$@"; grep -i '^x-seen' head | tr -d '\r' | sed 's/^[^:]*: //'; grep -o '<h1>.*</h1>' body || { cat body; echo; }; }
    ask $U/token | sed 's/^[A-Za-z0-9_-]\{86\}$/a token/'
    ask $U/?a=1
    ask -d a=2 -H 'X-HTTP-Method-Override: put' -H 'Idempotency-Key: k' $U/
    ask -d a=2 -H 'X-HTTP-Method-Override: put' $U/
    ask $U/?a=3
    ask -d a=4 -H 'Origin: https://evil.example' $U/
    ask -H 'Accept: image/png' $U/
    ask -H 'Accept: application/json, text/html;q=0.5' $U/raise
    ask -H 'Authorization: Bearer x.y.z' -H 'Accept: text/*' $U/
    ask -d "a=$(head -c 2000 /dev/zero | tr '\0' x)" $U/
    grep -icE '^(x-request-id|server-timing|traceresponse|x-content-type-options|ratelimit-limit|vary):' head
done
--- exec_out
2 200
a token
2 200
GET 1 text/plain 32 1
nil
2 200
PUT 2 text/plain 32 2
nil
2 200
PUT 2 text/plain 32 3
done
2 200
GET 3 text/plain 32 4
done
2 403
{"status":403,"title":"Forbidden","detail":"the request comes from another site"}
2 406
{"status":406,"title":"Not Acceptable","detail":"text/plain\ntext/html"}
2 500
{"status":500,"title":"Internal Server Error"}
2 401
<h1>401 Unauthorized</h1>
2 413
{"status":413,"title":"Content Too Large","detail":"the body is too long"}
6
1.1 200
a token
1.1 200
GET 1 text/plain 32 1
nil
1.1 200
PUT 2 text/plain 32 2
nil
1.1 200
PUT 2 text/plain 32 3
done
1.1 200
GET 3 text/plain 32 4
done
1.1 403
{"status":403,"title":"Forbidden","detail":"the request comes from another site"}
1.1 406
{"status":406,"title":"Not Acceptable","detail":"text/plain\ntext/html"}
1.1 500
{"status":500,"title":"Internal Server Error"}
1.1 401
<h1>401 Unauthorized</h1>
1.1 413
{"status":413,"title":"Content Too Large","detail":"the body is too long"}
6
