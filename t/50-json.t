# perilune.json: what encode makes of each kind of value, what it refuses, and that numbers survive the way there and back.
use Test::Nginx::Socket 'no_plan';

run_tests();

__DATA__

=== TEST 1: values
--- user_files
>>> a.lua
local json = require "perilune.json"
print(json.encode{ 1, "two", true, false, json.null, json.empty_array, {} })
print(json.encode{ a = { b = { c = 1 } } })
print(json.encode{ [1] = "a", [3] = "c" })
print(json.encode{ [1] = "a", x = 1 }:find('"1":"a"', 1, true) ~= nil)
print(json.encode("plain"), json.encode("q\"b\\n\n\1/é"), json.encode("\255"))
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
[1,"two",true,false,null,[],{}]
{"a":{"b":{"c":1}}}
["a",null,"c"]
true
"plain"	"q\"b\\n\n\u0001/é"	"�"

=== TEST 2: each byte of ASCII at each place of short and long strings
--- user_files
>>> a.lua
local json = require "perilune.json"
for n = 1, 20 do
    for at = 1, n do
        for byte = 0, 127 do
            local s = ("x"):rep(at - 1) .. string.char(byte) .. ("y"):rep(n - at)
            local text = json.encode(s)
            assert(not text:find("[%z\1-\31]"), "a control character as it is")
            assert(json.decode("[" .. text .. "]")[1] == s, text)
        end
    end
end
print(json.encode(""), json.encode{ ab = "abc", abcd = "abcdefg", abcdefgh = "abcdefghijklmnop" }:len())
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
""	59

=== TEST 3: numbers
--- user_files
>>> a.lua
local json = require "perilune.json"
local out = {}
for _, n in ipairs{ 0, -1, 1e14, 1e15, 1e20, 2^53, 0.5, -0.25, 12.3456, 0.1, 1/3, 123456789.125, -1e-7, 1e300, -0 } do
    out[#out + 1] = json.encode(n)
end
print(table.concat(out, " "))
for i = 1, 20000 do
    local n = math.floor(math.random() * 10 ^ math.random(1, 9)) / 10 ^ math.random(0, 5)
    n = math.random() < 0.5 and n or -n
    assert(json.decode("[" .. json.encode(n) .. "]")[1] == tonumber(("%.14g"):format(n)), n)
end
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
0 -1 100000000000000 1000000000000000 1e+20 9007199254740992 0.5 -0.25 12.3456 0.1 0.33333333333333 123456789.125 -1e-07 1e+300 0

=== TEST 4: what cannot be encoded
--- user_files
>>> a.lua
local json = require "perilune.json"
local deep = {}
for _ = 1, 2000 do
    deep = { deep }
end
for _, v in ipairs{ 0 / 0, 1 / 0, print, coroutine.create(print), { [1] = 1, [1000] = 2 }, { [true] = 1 }, deep } do
    local ok, err = pcall(json.encode, v)
    print(ok, (err:gsub("^.-json.encode: ", "")))
end
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
false	a number is not finite
false	a number is not finite
false	a function, thread or userdata cannot be encoded
false	a function, thread or userdata cannot be encoded
false	an array has too many holes
false	a key is neither a string nor a number
false	the value is nested too deeply

=== TEST 5: decode
--- user_files
>>> a.lua
local json = require "perilune.json"
local v = json.decode('{"a":[1,2,null],"b":"\\u00e9"}')
print(#v.a, v.a[3] == json.null, v.b, pcall(json.decode, "{"))
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out_like
^3	true	é	false	.*

=== TEST 5: what is no JSON, and where decoding takes more than RFC 8259
--- user_files
>>> a.lua
local json = require "perilune.json"
for _, text in ipairs{ "[NaN]", "nan", "[Infinity]", "[-Infinity]", "[0x10]", "[01]", "[-01]", "[+1]", "[.5]", "[1,]", '{"a":1,}', "[1]x", "", " ", "'a'", '"\\ud800"', '"\\x"', '{"a" 1}', "[1 2]", "[1.]", "[-.5]", "[1e999]", '"\t"', '{"a":1,"a":2}' } do
    local ok, value = pcall(json.decode, text)
    print(text, ok, ok and (type(value) == "table" and (value.a or value[1]) or value) or "")
end
-- a library that changes the settings of lua-cjson changes nothing here
require("cjson").decode_invalid_numbers(true)
require("cjson.safe").decode_invalid_numbers(true)
print((pcall(json.decode, "[NaN]")), json.null == require("cjson").null)
--- exec
$TEST_NGINX_BINARY run $TEST_NGINX_HTML_DIR/a.lua
--- exec_out
[NaN]	false	
nan	false	
[Infinity]	false	
[-Infinity]	false	
[0x10]	false	
[01]	false	
[-01]	false	
[+1]	false	
[.5]	false	
[1,]	false	
{"a":1,}	false	
[1]x	false	
	false	
 	false	
'a'	false	
"\ud800"	false	
"\x"	false	
{"a" 1}	false	
[1 2]	false	
[1.]	true	1
[-.5]	true	-0.5
[1e999]	true	inf
"	"	true		
{"a":1,"a":2}	true	2
false	true
