# Options of middleware that could have no effect, or a wrong one, are told when the middleware is made, in its name.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: wrong values
--- config
    location / { return 204; }
--- user_files
>>> a.lua
local mw = require("perilune.http").middleware
local key = ("k"):rep(16)
local wrong = {
    { "timeout", { seconds = 0 } }, { "timeout", { seconds = -1 } }, { "timeout", { seconds = 0 / 0 } },
    { "timeout", { status = 200 } }, { "timeout", { status = 503.5 } }, { "timeout", { status = "503" } },
    { "trace_context", { sample = 2 } }, { "trace_context", { sample = -0.1 } },
    { "rate_limit", { most = 0, dict = "x" } }, { "rate_limit", { most = 1.5, dict = "x" } },
    { "rate_limit", { most = 1, window = 0, dict = "x" } }, { "rate_limit", { dict = "x" } },
    { "concurrency", { most = 0 } },
    { "security_headers", { frame_options = "DENY\r\nSet-Cookie: a=b" } }, { "security_headers", { frame_options = true } },
    { "static", {} }, { "static", { root = "/nope" } }, { "static", { root = "/etc/passwd" } },
    { "static", { root = "/", prefix = "x" } }, { "static", { root = "/", prefix = "" } },
    { "static", { root = "/", index = true } }, { "static", { root = "/", types = { md = "a\nb" } } },
    { "static", { root = "/", types = { "text/plain", md = 1 } } },
    { "jwt", {} }, { "jwt", { jwks = "nourl" } }, { "jwt", { jwks = "ftp://a/" } }, { "jwt", { key = "short" } }, { "jwt", { key = 5 } },
    { "jwt", { keys = { a = ("k"):rep(32), b = "short" } } }, { "jwt", { key = ("k"):rep(32), algorithms = { "RS256" } } },
    { "jwt", { key = ("k"):rep(32), algorithms = { "HS512" } } }, { "jwt", { key = ("k"):rep(32), algorithms = { "none" } } },
    { "jwt", { key = ("k"):rep(32), issuer = { 5 } } }, { "jwt", { key = ("k"):rep(32), realm = "a\nb" } },
    { "basic_auth", { users = { a = 5 } } }, { "basic_auth", { users = { "secret" } } },
    { "basic_auth", { users = { ["a:b"] = "c" } } }, { "basic_auth", { users = {}, realm = "\n" } },
    { "bearer_auth", { check = print, realm = "\0" } },
    { "request_id", { header = "a b" } }, { "request_id", { header = "" } }, { "method_override", { header = "a:b" } },
    { "timing", { name = "a b" } },
    { "csrf", { keys = key, header = "a b" } }, { "csrf", { keys = key, cookie = "a=b" } },
    { "csrf", { keys = key, origins = { "app.example" } } }, { "csrf", { keys = key, origins = { a = "https://a" } } },
    { "cors", { origins = { "https://a/" } } }, { "cors", { origins = { "https://a", "*" } } }, { "cors", { origins = 5 } },
    { "cors", { origins = { "https://a" }, methods = { "GET, PUT" } } }, { "cors", { origins = "*", expose = { 1 } } },
    { "cors", { origins = "*", headers = { "a b" } } },
    { "compress", { types = { "text" } } }, { "compress", { types = { "text/css; charset=utf-8" } } }, { "compress", { types = { "text/*" } } },
    { "compress", { types = { 1 } } }, { "compress", { gzip = 10 } },
    { "negotiate", {} }, { "negotiate", { types = { "text" } } },
    { "cookies", { plain = { 5 } } }, { "cookies", { attributes = { same_site = "odd" } } }, { "cookies", { attributes = { samesite = "lax" } } },
    { "cookies", { attributes = { path = true } } }, { "cookies", { attributes = { same_site = true } } },
    { "session", { keys = key, name = "a b" } }, { "session", { keys = key, idle = 0 } },
    { "session", { keys = key, attributes = { path = "x" } } }, { "session", { keys = key, name = "__Host-s", attributes = { domain = "a.b" } } },
    { "idempotency", { store = {}, ttl = 0 } }, { "idempotency", { store = {}, methods = { "POST", 1 } } },
}
for _, one in ipairs(wrong) do
    local ok, text = pcall(mw[one[1]], one[2])
    print(ok and "TAKEN " .. one[1] or (text:gsub("^.-%.lua:%d+: ", "")))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
middleware.timeout: option 'seconds' must be a number of seconds above 0, not 0
middleware.timeout: option 'seconds' must be a number of seconds above 0, not -1
middleware.timeout: option 'seconds' must be a number of seconds above 0, not nan
middleware.timeout: option 'status' must be a status from 400 to 599, not 200
middleware.timeout: option 'status' must be a status from 400 to 599, not 503.5
middleware.timeout: option 'status' must be a status from 400 to 599, not '503'
middleware.trace_context: option 'sample' must be a number from 0 to 1, not 2
middleware.trace_context: option 'sample' must be a number from 0 to 1, not -0.1
middleware.rate_limit: option 'most' must be a whole number from 1, not 0
middleware.rate_limit: option 'most' must be a whole number from 1, not 1.5
middleware.rate_limit: option 'window' must be a number of seconds above 0, not 0
middleware.rate_limit: option 'most' is needed
middleware.concurrency: option 'most' must be a whole number from 1, not 0
middleware.security_headers: option 'frame_options' must be a text without control characters or false, not 'DENY\x0D\x0ASet-Cookie: a=b'
middleware.security_headers: option 'frame_options' must be a text without control characters or false, not true
middleware.static: option 'root' is needed
middleware.static: option 'root': /nope/.: No such file or directory
middleware.static: option 'root': /etc/passwd/.: Not a directory
middleware.static: option 'prefix' must begin with '/', not 'x'
middleware.static: option 'prefix' must begin with '/', not ''
middleware.static: option 'index' must be a string or false, not true
middleware.static: option 'types': what 'md' is must be a media type
middleware.static: option 'types': what '1' is must be a media type
middleware.jwt: one of the options 'key', 'keys' and 'jwks' is needed
middleware.jwt: option 'jwks' must be a table or URL of http or https, not 'nourl'
middleware.jwt: option 'jwks' must be a table or URL of http or https, not 'ftp://a/'
middleware.jwt: HS256 needs a secret of at least 32 bytes
middleware.jwt: the key is neither a secret nor a key of crypto.key
middleware.jwt: HS256 needs a secret of at least 32 bytes
middleware.jwt: none of 'algorithms' is for a key that is secret
middleware.jwt: HS512 needs a secret of at least 64 bytes
middleware.jwt: option 'algorithms': 'none' is not known
middleware.jwt: option 'issuer': element 1 must be a string, not 5
middleware.jwt: option 'realm' must be a text without control characters, not 'a\x0Ab'
middleware.basic_auth: option 'users': the password of 'a' must be a string
middleware.basic_auth: option 'users': '1' is no user's name
middleware.basic_auth: option 'users': 'a:b' is no user's name
middleware.basic_auth: option 'realm' must be a text without control characters, not '\x0A'
middleware.bearer_auth: option 'realm' must be a text without control characters, not '\x00'
middleware.request_id: option 'header' must be a token (no blanks, no separators), not 'a b'
middleware.request_id: option 'header' must be a token (no blanks, no separators), not ''
middleware.method_override: option 'header' must be a token (no blanks, no separators), not 'a:b'
middleware.timing: option 'name' must be a token (no blanks, no separators), not 'a b'
middleware.csrf: option 'header' must be a token (no blanks, no separators), not 'a b'
middleware.csrf: option 'cookie' must be a token (no blanks, no separators), not 'a=b'
middleware.csrf: option 'origins': element 1 must be a scheme and host, such as https://app.example, not 'app.example'
middleware.csrf: option 'origins' must be a list, not a table
middleware.cors: option 'origins': element 1 must be a scheme and host, such as https://app.example, not 'https://a/'
middleware.cors: option 'origins': element 2 must be a scheme and host, such as https://app.example, not '*'
middleware.cors: option 'origins' must be a string or list or function, not 5
middleware.cors: option 'methods': element 1 must be a token (no blanks, no separators), not 'GET, PUT'
middleware.cors: option 'expose': element 1 must be a token (no blanks, no separators), not 1
middleware.cors: option 'headers': element 1 must be a token (no blanks, no separators), not 'a b'
middleware.compress: option 'types': element 1 must be a media type, not 'text'
middleware.compress: option 'types': element 1 must be a media type, not 'text/css; charset=utf-8'
middleware.compress: option 'types': element 1 must be a media type, not 'text/*'
middleware.compress: option 'types': element 1 must be a media type, not 1
middleware.compress: option 'gzip' must be a level from 1 to 9
middleware.negotiate: one of the options 'types', 'languages' and 'charsets' is needed
middleware.negotiate: 'text' is no type
middleware.cookies: option 'plain': element 1 must be a token (no blanks, no separators), not 5
middleware.cookies: option 'attributes': cookie 'name': 'same_site' is none of strict, lax, none
middleware.cookies: option 'attributes': cookie.format: unknown option 'samesite'; did you mean 'same_site'?
middleware.cookies: option 'attributes': cookie.format: option 'path' must be a string or false, not true
middleware.cookies: option 'attributes': cookie.format: option 'same_site' must be a string or false, not true
middleware.session: option 'name' must be a token (no blanks, no separators), not 'a b'
middleware.session: option 'idle' must be a number of seconds above 0, not 0
middleware.session: option 'attributes': cookie 'session': its path does not begin with '/'
middleware.session: option 'attributes': cookie '__Host-s': its prefix forbids 'domain' and every path but '/'
middleware.idempotency: option 'ttl' must be a number of seconds above 0, not 0
middleware.idempotency: option 'methods': element 2 must be a token (no blanks, no separators), not 1

=== TEST 2: values at the edge that are right
--- config
    location / { return 204; }
--- user_files
>>> a.lua
local mw = require("perilune.http").middleware
local key = ("k"):rep(16)
for _, one in ipairs {
    { "timeout", { seconds = 0.001, status = 599 } }, { "timeout", { status = 400 } },
    { "trace_context", { sample = 0 } }, { "trace_context", { sample = 1 } }, { "concurrency", { most = 1, queue = 0, wait = 0 } },
    { "security_headers", { frame_options = false, content_security_policy = "default-src 'self';\tscript-src a" } },
    { "static", { root = "/", prefix = "/x" } }, { "static", { root = "/etc/", index = false, types = { x = "text/x" } } },
    { "jwt", { jwks = "https://id.example/keys" } }, { "jwt", { key = ("k"):rep(48), algorithms = { "RS256", "HS384" } } },
    { "jwt", { keys = {} } }, { "basic_auth", { users = { [""] = "", a = "b:c" } } },
    { "csrf", { keys = key, origins = { "null", "https://A.example:8443", "app://x" } } }, { "csrf", { keys = key, origins = {} } },
    { "cors", { origins = { "http://[::1]:3000" }, methods = {}, max_age = 0 } }, { "cors", { origins = print } },
    { "compress", { types = { "*", "application/ld+json" }, zstd = false, brotli = true } },
    { "cookies", { attributes = { same_site = "none", secure = true, path = false } } }, { "cookies", {} },
    { "session", { keys = key, name = "__Host-s", attributes = { same_site = "none" } } }, { "body_limit", { bytes = 0 } },
} do
    print(one[1], type(mw[one[1]](one[2])))
end
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1 | sort | uniq -c | sed 's/  *\([0-9]\)/\1/'
--- exec_out
1 basic_auth	function
1 body_limit	function
1 compress	function
1 concurrency	function
2 cookies	function
2 cors	function
2 csrf	function
3 jwt	function
1 security_headers	function
1 session	function
2 static	function
2 timeout	function
2 trace_context	function
