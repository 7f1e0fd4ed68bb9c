# Content negotiation: strict fields, weights, precedence (RFC 9110 section 12), languages (RFC 4647); any field at all.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: fields that are well formed, and that are not
--- user_files
>>> a.lua
local accept = require "perilune.http.accept"
local function show(text, kind)
    local list = accept.parse(text, kind or "type")
    if not list then return print("malformed") end
    local out = {}
    for i, e in ipairs(list) do
        out[i] = e.value .. "=" .. e.q
        for k, v in pairs(e.parameters or {}) do out[i] = out[i] .. ";" .. k .. "=" .. v end
    end
    print("[" .. table.concat(out, " ") .. "]")
end
show "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8"
show "text/*;Q=0.300 ; level=1,,	TEXT/Html;charset=\"utf-8, x\";q=1.000,"
show ""
show("da, en-GB;q=0.8, *;q=0", "language")
show("utf-8, iso-8859-1;q=0.5, *", "charset")
show("gzip;q=1.0, identity; q=0.5, *;q=0", "encoding")
for _, text in ipairs { "text", "text/", "/html", "text/html;", "text/html;q", "text/html;q=", "text/html;q=2", "text/html;q=1.001", "text/html;q=.5", "text/html;q=0.1234",
    "text/html;q=-1", "text/html q=1", "text/html text/plain", "text/html;a=\"x", "text/html;a=\"x\\\"", "a b/c", "text/html;q=1e0" } do
    io.write(tostring(accept.parse(text, "type")), " ")
end
print(accept.parse("en_GB", "language"), accept.parse("utf/8", "charset"))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
[text/html=1 application/xhtml+xml=1 application/xml=0.9 */*=0.8]
[text/*=0.3;level=1 text/html=1;charset=utf-8, x]
[]
[da=1 en-gb=0.8 *=0]
[utf-8=1 iso-8859-1=0.5 *=1]
[gzip=1 identity=0.5 *=0]
nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil nil	nil

=== TEST 2: the example of RFC 9110 section 12.5.1; languages that begin with, and that are narrower
--- user_files
>>> a.lua
local accept = require "perilune.http.accept"
local field = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"
for _, offer in ipairs { "text/plain;format=flowed", "text/plain", "text/html", "image/jpeg", "text/plain;format=fixed", "text/html;level=3" } do
    io.write(accept.quality(field, "type", offer), " ")
end
print()
local function best(field, kind, offers) print(accept.best(field, kind, offers)) end
best("en-US, en;q=0.5", "language", { "de", "en", "en-US" })
best("en-US, de;q=0.5", "language", { "de", "en" })
best("fr, *;q=0.1", "language", { "de", "en" })
best("de-DE-1996, en;q=0.9", "language", { "en", "de" })
best("de", "language", { "en", "de-AT" })
best("den", "language", { "en", "de" })
best("en;q=0, *", "language", { "en-GB", "de" })
best(nil, "language", { "en", "de" })
best("rubbish rubbish", "language", { "en", "de" })
best("application/json;q=0.5, text/html;q=0.5", "type", { "text/html", "application/json" })
best("text/html;q=0", "type", { "text/html" })
best("iso-8859-1", "charset", { "utf-8" })
best("*;q=0.5, utf-8;q=0", "charset", { "utf-8", "ascii" })
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
1 0.7 0.3 0.5 0.4 0.3 
en-US	1
en	1
de	0.1
de	1
de-AT	1
nil	0
de	1
en	1
en	1
text/html	0.5
nil	0
nil	0
ascii	0.5

=== TEST 3: the middleware
--- user_files
>>> a.lua
local http, test = require "perilune.http", require "perilune.test"
local mw = http.middleware
local app = mw.negotiate { types = { "text/html", "application/json" }, languages = { "en", "de" }, charsets = { "utf-8" } } (function(req)
    return ("%s %s %s"):format(req.accepts.type, req.accepts.language, req.accepts.charset)
end)
local function ask(fields)
    local res = await(test.request(app, { headers = fields }))
    print(res.status, (res.body:gsub("\n", "|")), res.headers["vary"], res.headers["content-language"])
end
ask {}
ask { Accept = "application/*", ["Accept-Language"] = "de-CH, en;q=0.3", ["Accept-Charset"] = "utf-8" }
ask { Accept = "image/png", ["Accept-Language"] = "fr" }
ask { Accept = "image/png, */*;q=0.01", ["Accept-Language"] = "fr", ["Accept-Charset"] = "ascii" }
print((select(2, pcall(mw.negotiate, { types = { "text" } }))))
print((select(2, pcall(mw.negotiate, { typs = {} }))))
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
200	text/html en utf-8	Accept, Accept-Language, Accept-Charset	en
200	application/json de utf-8	Accept, Accept-Language, Accept-Charset	de
406	text/html|application/json|	Accept	nil
200	text/html en utf-8	Accept, Accept-Language, Accept-Charset	en
middleware.negotiate: 'text' is no type
middleware.negotiate: unknown option 'typs'; did you mean 'types'?

=== TEST 4: any bytes: what is read can be written and read again as the same; nothing raises
--- user_files
>>> a.lua
local accept = require "perilune.http.accept"
math.randomseed(tonumber(arg[1]) or 11)
local WORDS = { "text/html", "*/*", "text/*", "en-GB", "*", "utf-8", ";q=0.5", ";q=1", ";q=", ",", " ", "\t", ";", "=", '"', "\\", "a", "level=1", "/", "\0", "\255", "q", "1.000" }
local read = 0
for _ = 1, 20000 do
    local parts = {}
    for i = 1, math.random(8) do parts[i] = WORDS[math.random(#WORDS)] end
    local text = table.concat(parts)
    for _, kind in ipairs { "type", "language", "charset", "encoding" } do
        local list = accept.parse(text, kind)
        for i, e in ipairs(list or {}) do
            read = read + 1
            assert(e.q >= 0 and e.q <= 1 and e.value:find("^[%w!#$%%&'*+%-.^_`|~/]+$"), text)
            local again = e.value .. ";q=" .. e.q
            for k, v in pairs(e.parameters or {}) do again = again .. ";" .. k .. '="' .. v .. '"' end
            local second = assert(accept.parse(again, kind), again)[1]
            assert(second.value == e.value and second.q == e.q, again)
        end
        accept.best(text, kind, { kind == "type" and "text/html" or "en" })
    end
end
print(read > 1000)
--- exec
timeout 100 $TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua 2>&1
--- exec_out
true
