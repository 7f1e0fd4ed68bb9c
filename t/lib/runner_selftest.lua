--- Tests of the test runner itself: that it passes what is right and fails what is wrong.
--
-- Run from the top of the tree: `perilune run t/lib/runner_selftest.lua [server binary]`. Without a
-- binary (and without TEST_NGINX_BINARY) only the parts that need no server are tried.
-- Prints TAP; the exit code is 0 when all passed.

package.path = "lua/?.lua;lua/?/init.lua;" .. package.path

local client = require "perilune.test.client"
local parse = require "perilune.test.parse"
local perl = require "perilune.test.perl"
local regex = require "perilune.test.regex"
local runner = require "perilune.test"
local tap = require "perilune.test.tap"

local report = tap.new(function(line)
    print(line)
end, true)

local function show(value)
    if type(value) ~= "table" or getmetatable(value) then
        return tostring(value)
    end
    local out = {}
    for _, item in ipairs(value) do
        out[#out + 1] = show(item)
    end
    return "[" .. table.concat(out, "|") .. "]"
end

local PERL = {
    { [["a" . 'b\n' . "\x41\x{42}\t"]], "ab\\nAB\t" },
    { [[["GET /" x 2, "a", undef, 1 + 2]
]], "[GET /GET /|a||3]" },
    { "my $s = 'x'; my $i = 0; while ($i < 3) { $s .= $i; $i++; } $s", "x012" },
    { [[join ",", map { "n$_" } 1..3]], "n1,n2,n3" },
    { "<<'_E_' . $::Tail;\none\n_E_\n", "one\ntail" },
    { "qq{a{b}$::Tail\\r}", "a{b}tail\r" },
    { [[$ENV{NO_SUCH_VARIABLE} ? "yes" : "no"]], "no" },
    { [["abc" =~ /b/ ? 1 : 2]], "1" },
    { "if (1 == 2) { 'a' } elsif (1) { 'b' } else { 'c' }", "b" },
    { "sub { 1 }", nil },
    { "`rm -rf /`", nil },
    { "$unknown", nil },
    { "while (1) { 1 }", nil },
}

local function try_perl()
    for _, case in ipairs(PERL) do
        local value, err = perl.eval(case[1], { Tail = "tail" }, {})
        local got = value ~= nil and show(value) or nil
        report:check(got == case[2], "perl: " .. case[1], tostring(got) .. " " .. tostring(err))
    end
end

local function try_parse()
    local file = parse.parse([[
repeat_each(3);
our $X = <<'_EOC_';
value
_EOC_
$Y = "two";
__DATA__

=== TEST 1: first
words
--- config

  a

--- request eval: "GET /"
--- LAST
=== TEST 2: never
--- config
]], "x.t")
    local vars = {}
    parse.run_preamble(file, vars, {}, function() end)
    local first = file.blocks[1]
    report:same(tostring(file.repeat_each), "3", "parse: repeat_each")
    report:same(vars.X or "", "value\n", "parse: here-document of the preamble")
    report:same(vars.Y or "", "two", "parse: string of the preamble")
    report:same(tostring(#file.blocks), "1", "parse: LAST ends the list")
    report:same(first.sections.config.text, "  a\n", "parse: blank lines are trimmed")
    report:same(first.sections.request.text, '"GET /"', "parse: inline value")
    report:same(table.concat(first.sections.request.filters, ","), "eval", "parse: filters")
end

local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
local RESPONSES = {
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokrest", "200 ok left=rest whole=true" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", "200 ok left= whole=false" },
    { CHUNKED .. "3\r\nabc\r\n0\r\n\r\nX", "200 abc left=X whole=true" },
    { CHUNKED .. "0\r\nA: b\r\n\r\n", "200  left= whole=true" },
    { CHUNKED .. "3\r\nabcd\r\n0\r\n\r\n",
        "200 3\\r\\nabcd\\r\\n0\\r\\n\\r\\n left= whole=false problem" },
    { "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304  left= whole=true" },
    { "garbage", " garbage left= whole=false" },
}

local function try_client()
    for _, case in ipairs(RESPONSES) do
        local res = client.parse(case[1])
        local got = ("%s %s left=%s whole=%s%s"):format(res.code, tap.escape(res.body), res.left,
            tostring(res.complete == true), res.problem and " problem" or "")
        report:same(got, case[2], "response: " .. case[1])
    end
    report:check(assert(regex.new("^a.b$", "s")):find("a\nb") == 1, "pattern flags")
    report:check(regex.new("(", "") == nil, "a bad pattern is told")
end

-- Blocks for a server; `fails` is text that must stand in a failed line, nil when all passes.
local CONFIG = [[
--- config
    location = /t { return 200 "hello\n"; }
]]

local SERVED = {
    { "trickle and whole bytes", [[
--- raw_request eval
"GET /t HTTP/1.0\r\n\r\n"
--- trickle
--- raw_response_like: ^HTTP/1\.1 200 OK\r\n.*\r\n\r\nhello\n$
--- connection: closed
]] },
    { "two responses on a connection that stays open", [[
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: a\r\n\r\n" x 2
--- responses: 2
--- connection: open
--- response_body eval
["hello\n", "hello\n"]
]] },
    { "open is not closed", [[
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: a\r\n\r\n"
--- timeout: 300ms
--- connection: closed
]], "connection closed" },
    { "closed is not open", [[
--- request
GET /t
--- connection: open
]], "connection open" },
    { "half-close after sending", [[
--- request
GET /t
--- shutdown: 1
--- response_body
hello
]] },
    { "no end of the response", [[
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: a\r\n\r\n"
--- timeout: 0.2
]], "timed out" },
    { "the same with abort", [[
--- raw_request eval
"GET /t HTTP/1.1\r\nHost: a\r\n\r\n"
--- timeout: 0.2
--- abort
]] },
    { "the lua filter", [[
--- request lua
{ "GET /t", "GET /none" }
--- error_code lua
local codes = { 200, 404 }
return codes
--- response_body lua: { "hello\n", re("404 Not Found") }
]] },
    { "exec", [[
--- exec: echo "port $TEST_NGINX_SERVER_PORT"; exit 3
--- exec_out_like: ^port \d+$
--- exec_code: 3
]] },
    { "exec with another exit code", "--- exec: exit 4\n", "exec_code 0" },
    { "wrong status", "--- request\nGET /t\n--- error_code: 201\n", "status code ok" },
    { "status 200 is the default", "--- request\nGET /none\n", "status code ok" },
    { "wrong body", "--- request\nGET /t\n--- response_body\nhellO\n", "response_body" },
    { "wrong header", "--- request\nGET /t\n--- response_headers\nX: 1\n", "header X" },
    { "header that must be absent",
        "--- request\nGET /t\n--- response_headers\n!Content-Length\n", "Content-Length" },
    { "line missing in the log", "--- request\nGET /t\n--- error_log\nno such\n", "no such" },
    { "line that must not be in the log",
        "--- request\nGET /x\n--- error_code: 404\n--- no_error_log\n[error]\n", "[error]" },
    { "a server that should die", "--- must_die\n", "die as expected" },
    { "unknown filter", "--- request frob\nGET /t\n", "sections can be read" },
    { "Perl that is not known", "--- request eval\nsub { 1 }\n", "sections can be read" },
    { "environment variable that is not set",
        "--- request\nGET /$TEST_NGINX_NOT_THERE\n", "runs" },
    { "server that breaks", [[
--- request
GET /t
--- exec: kill -SEGV `cat $TEST_NGINX_SERVROOT/logs/nginx.pid`; sleep 0.1
]], "the server stays whole" },
}

local function failed_line(lines)
    local out = {}
    for _, line in ipairs(lines) do
        if line:match("^not ok") then
            out[#out + 1] = line
        end
    end
    return table.concat(out, "\n")
end

local function try_served(binary)
    for _, case in ipairs(SERVED) do
        local text = "=== TEST 1: " .. "x" .. "\n" .. CONFIG .. case[2]
        local lines, counts = runner.run_text(text, "self.t", { binary = binary, strict = true })
        local failed = failed_line(lines)
        local good
        if case[3] then
            good = failed:find(case[3], 1, true) ~= nil
        else
            good = failed == "" and counts.passed > 0
        end
        report:check(good, "served: " .. case[1], lines)
    end
end

local binary = os.getenv("TEST_NGINX_BINARY") or arg[1]
try_perl()
try_parse()
try_client()
if binary then
    try_served(binary)
else
    report:skip("served", "no server binary given")
end
os.exit(report:finish() and 0 or 1, true)
