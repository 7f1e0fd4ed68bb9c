# What somebody who begins gets wrong, and what is said to that: values that are no responses, middleware that was not
# called, names that are not there.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: values that are no responses are told in the log and are 500, not empty pages
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http, task = require "perilune.http", require "perilune.task"
local answers = { ["/value"] = { message = "hi" }, ["/array"] = { "a", "b" }, ["/empty"] = {}, ["/body"] = { body = { a = 1 } }, ["/pieces"] = { body = { "a", 1, "b" } },
    ["/none"] = { body = {} }, ["/deep"] = { body = { {} } }, ["/status"] = { status = 201 }, ["/fields"] = { headers = { A = "b" } }, ["/cookies"] = { cookies = { a = "b" } }, ["/number"] = 42, ["/true"] = { body = true } }
local routes = http.router()
routes:get("/*rest", function(req)
    await(task.yield())
    return answers[req.path]
end)
for _, app in ipairs { routes, http.middleware.timing()(routes.handler) } do
    local server = http.start_server(app, { address = "127.0.0.1" })
    for _, path in ipairs { "/value", "/array", "/empty", "/body", "/pieces", "/none", "/deep", "/status", "/fields", "/cookies", "/number", "/true", "/nothing" } do
        local res = await(http.get("http://127.0.0.1:" .. server:port() .. path, { throw_exceptions = false }))
        print(path, res.status, res.status < 300 and await(res:text()) or "")
    end
    await(server:close(0))
end
--- exec
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>$TEST_NGINX_SERVROOT/err
sed -n 's/.*the handler returned a bad response: //p; s/.*\(handler returned a bad response: [a-z]* *[a-z]* *[a-z]*\).*/\1/p' $TEST_NGINX_SERVROOT/err | sed 's/, client.*//' | LC_ALL=C sort | uniq -c | sed 's/^ *//'
--- exec_out
/value	500	
/array	500	
/empty	200	
/body	500	
/pieces	200	a1b
/none	200	
/deep	500	
/status	201	
/fields	200	
/cookies	200	
/number	500	
/true	500	
/nothing	204	
/value	500	
/array	500	
/empty	200	
/body	500	
/pieces	200	a1b
/none	200	
/deep	500	
/status	201	
/fields	200	
/cookies	200	
/number	500	
/true	500	
/nothing	204	
1 a number
2 a table with the key '1', but without status, headers and body; http.json(value) makes a response of a value
2 a table with the key 'message', but without status, headers and body; http.json(value) makes a response of a value
2 handler returned a bad response: body of an
1 handler returned a bad response: number
2 its body is a table with the key 'a', not an array of strings; http.json(value) makes a response of a value

=== TEST 2: middleware and servers that were given something else
--- config
    location / { return 200; }
--- user_files
>>> a.lua
local http = require "perilune.http"
for _, wrong in ipairs {
    function() http.router { middleware = { http.middleware.params } } end,
    function() http.router { middleware = { http.middleware.timing(), 5 } } end,
    function() http.middleware.around(print, { {} }) end,
    function() http.start_server({}, {}) end,
    function() http.start_server(http.router(), { prot = 1 }) end,
    function() local _ = http.middleware.ratelimit end,
} do
    print((tostring(select(2, pcall(wrong))):gsub("^.-%.lua:%d+: ", "")))
end
--- exec
timeout 20 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
$TEST_NGINX_BINARY routes nofile.lua 2>&1 || true
--- exec_out
middleware 1: middleware.params is to be called with its options, `middleware.params()` for none
middleware 2 is not a function (a number)
middleware 1 is not a function (a table)
bad argument 'handler' to http.start_server (function expected, got table)
http.start_server: unknown option 'prot'; did you mean 'port'?
no middleware is named 'ratelimit'; did you mean 'rate_limit'?
perilune: cannot open nofile.lua: No such file or directory
