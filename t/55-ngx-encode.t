# Encodings, digests, clocks, constants, regular expressions
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__


=== TEST 1: escape_uri
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.escape_uri("a b&c/d?~"), " ", ngx.escape_uri("a b/?#", 0), " ", ngx.escape_uri(nil), " ", ngx.escape_uri(3))
        }
    }
--- request
GET /t
--- response_body
a%20b%26c%2Fd%3F~ a%20b/%3F%23  3
--- no_error_log
[error]



=== TEST 2: escape_uri with a kind that is none
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.escape_uri, "a", 10)
            ngx.say(err)
        }
    }
--- request
GET /t
--- response_body
"type" 10 out of range
--- no_error_log
[error]



=== TEST 3: unescape_uri
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.unescape_uri("a%20b+c%2f%zz%4"))
        }
    }
--- request
GET /t
--- response_body
a b c/%zz%4
--- no_error_log
[error]



=== TEST 4: encode_args
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_args{a = {1, true}}, " ", ngx.encode_args{b = "x y"}, " ", ngx.encode_args{c = false})
        }
    }
--- request
GET /t
--- response_body
a=1&a b=x%20y 
--- no_error_log
[error]



=== TEST 5: encode_args of a function
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.encode_args, {a = print})
            ngx.say((err:gsub("^.*attempt", "attempt")))
        }
    }
--- request
GET /t
--- response_body
attempt to use function as query arg value
--- no_error_log
[error]



=== TEST 6: decode_args
--- config
    location = /t {
        content_by_lua_block {
            local a, err = ngx.decode_args("a=1&b&a=2&=x", 10)
            ngx.say(a.a[2], a.b, " ", err)
        }
    }
--- request
GET /t
--- response_body
2true nil
--- no_error_log
[error]



=== TEST 7: decode_args truncated
--- config
    location = /t {
        content_by_lua_block {
            local a, err = ngx.decode_args("a=1&b=2", 1)
            ngx.say(a.b, " ", err)
        }
    }
--- request
GET /t
--- response_body
nil truncated
--- no_error_log
[error]



=== TEST 8: base64
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_base64("hello"), " ", ngx.encode_base64("hello", true), " ", ngx.decode_base64("aGVsbG8="), " ", ngx.decode_base64("a*b"))
            ngx.say(ngx.decode_base64("aGVsbG8"), " ", ngx.decode_base64("aGVsbG8=%x"), " ", ngx.decode_base64("aGVsb%G8="))
        }
    }
--- request
GET /t
--- response_body
aGVsbG8= aGVsbG8 hello nil
hello hello nil
--- no_error_log
[error]



=== TEST 9: base64 of a non-string
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.decode_base64, 1)
            ngx.say((err:gsub("^.*string", "string")))
        }
    }
--- request
GET /t
--- response_body
string argument only
--- no_error_log
[error]



=== TEST 10: base64mime
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.decode_base64mime("aGVs\nbG8="))
            ngx.say(ngx.decode_base64mime("zaaLg=="))
        }
    }
--- request
GET /t
--- response_body
hello
nil
--- no_error_log
[error]



=== TEST 11: base64url
--- config
    location = /t {
        content_by_lua_block {
            local b = require "ngx.base64"
            ngx.say(b.encode_base64url("\255\254"), " ", b.decode_base64url("__4") == "\255\254")
        }
    }
--- request
GET /t
--- response_body
__4 true
--- no_error_log
[error]



=== TEST 12: md5
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.md5("hello"), " ", #ngx.md5_bin("x"), " ", ngx.md5(nil))
        }
    }
--- request
GET /t
--- response_body
5d41402abc4b2a76b9719d911017c592 16 d41d8cd98f00b204e9800998ecf8427e
--- no_error_log
[error]



=== TEST 13: sha1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_base64(ngx.sha1_bin("hello")), " ", #ngx.hmac_sha1("key", "hello"))
        }
    }
--- request
GET /t
--- response_body
qvTGHdzF6KLavt4PO0gs2a6pQ00= 20
--- no_error_log
[error]



=== TEST 14: hmac_sha1
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.encode_base64(ngx.hmac_sha1("thisisverysecretstuff", "some string we want to sign")))
        }
    }
--- request
GET /t
--- response_body
R/pvxzHC4NLtj7S+kXFg/NePTmk=
--- no_error_log
[error]



=== TEST 15: crc32
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.crc32_short("hello"), " ", ngx.crc32_long("hello"), " ", ngx.crc32_short(""))
        }
    }
--- request
GET /t
--- response_body
907060870 907060870 0
--- no_error_log
[error]



=== TEST 16: quote_sql_str
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.quote_sql_str("a'b\\c\n\0\"d"))
        }
    }
--- request
GET /t
--- response_body
'a\'b\\c\n\0\"d'
--- no_error_log
[error]



=== TEST 17: http_time
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.http_time(1290079655), " | ", ngx.cookie_time(1290079655))
        }
    }
--- request
GET /t
--- response_body
Thu, 18 Nov 2010 11:27:35 GMT | Thu, 18-Nov-10 11:27:35 GMT
--- no_error_log
[error]



=== TEST 18: parse_http_time
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.parse_http_time("Thu, 18 Nov 2010 11:27:35 GMT"), " ", ngx.parse_http_time("x"))
        }
    }
--- request
GET /t
--- response_body
1290079655 nil
--- no_error_log
[error]



=== TEST 19: clocks
--- config
    location = /t {
        content_by_lua_block {
            ngx.update_time()
            local a = ngx.now()
            ngx.say(math.abs(a - os.time()) < 2, " ", ngx.time() == math.floor(a), " ", ngx.today() == os.date("%Y-%m-%d"), " ", ngx.localtime():match("^%d+%-%d%d%-%d%d %d%d:%d%d:%d%d$") ~= nil, " ", #ngx.utctime())
        }
    }
--- request
GET /t
--- response_body
true true true true 19
--- no_error_log
[error]



=== TEST 20: constants
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.OK, ngx.ERROR, ngx.AGAIN, ngx.DONE, ngx.DECLINED, " ", ngx.STDERR, ngx.ERR, ngx.DEBUG, " ", ngx.HTTP_OK, " ", ngx.HTTP_TRACE, " ", tostring(ngx.null))
        }
    }
--- request
GET /t
--- response_body
0-1-2-4-5 048 200 32768 userdata: NULL
--- no_error_log
[error]



=== TEST 21: null is that of cjson
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require("cjson").null == ngx.null)
        }
    }
--- request
GET /t
--- response_body
true
--- no_error_log
[error]



=== TEST 22: require ngx
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require("ngx") == ngx, " ", package.loaded.ngx == ngx)
        }
    }
--- request
GET /t
--- response_body
true true
--- no_error_log
[error]



=== TEST 23: config and worker
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.config.subsystem, " ", ngx.config.debug, " ", ngx.config.nginx_version, " ", ngx.config.ngx_lua_version, " ", ngx.config.prefix():sub(-1), " ", ngx.worker.id(), ngx.worker.count(), ngx.worker.exiting(), " ", ngx.worker.pid() == tonumber(ngx.var.pid))
        }
    }
--- request
GET /t
--- response_body
http false 1031002 10030 / 01false true
--- no_error_log
[error]



=== TEST 24: re.match
--- config
    location = /t {
        content_by_lua_block {
            local m = ngx.re.match("hello, 1234", "([a-z]+), (?<n>[0-9]+)(x)?", "jo")
            ngx.say(m[0], "|", m[1], "|", m.n, "|", m[3])
        }
    }
--- request
GET /t
--- response_body
hello, 1234|hello|1234|false
--- no_error_log
[error]



=== TEST 25: re.match without a match
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match("abc", "x")
            ngx.say(m, " ", err)
        }
    }
--- request
GET /t
--- response_body
nil nil
--- no_error_log
[error]



=== TEST 26: re.match with a position
--- config
    location = /t {
        content_by_lua_block {
            local ctx = {pos = 2}
            local m = ngx.re.match("1, 22", "[0-9]+", "", ctx)
            ngx.say(m[0], " ", ctx.pos)
            ngx.say(ngx.re.match("1, 22", "[0-9]+", "oj", ctx), " ", ctx.pos)
            ctx.pos = 2
            ngx.say(ngx.re.find("1, 22", "x", "oj", ctx), " ", ctx.pos)
        }
    }
--- request
GET /t
--- response_body
22 6
nil 6
nil 2
--- no_error_log
[error]



=== TEST 27: re.match of a bad pattern
--- config
    location = /t {
        content_by_lua_block {
            local m, err = ngx.re.match("abc", "(")
            ngx.say(m, " ", err)
        }
    }
--- request
GET /t
--- response_body
nil pcre2_compile() failed: missing closing parenthesis in "("
--- no_error_log
[error]



=== TEST 28: re options
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.re.match("ABC", "b", "i")[0], " ", (ngx.re.find("a\nb", "^b", "m")), " ", ngx.re.match("a\nb", "a.b", "s") ~= nil, " ", ngx.re.match("ab", "a b # x", "x")[0])
            local m = ngx.re.match("xa", "a", "a")
            ngx.say(m)
        }
    }
--- request
GET /t
--- response_body
B 3 true ab
nil
--- no_error_log
[error]



=== TEST 29: re with an option that is none
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(ngx.re.match, "a", "a", "H")
            ngx.say((err:gsub("^.*unknown", "unknown")))
        }
    }
--- request
GET /t
--- response_body
unknown flag "H" (flags "H")
--- no_error_log
[error]



=== TEST 30: re.find
--- config
    location = /t {
        content_by_lua_block {
            local from, to, err = ngx.re.find("hello, 1234", "([0-9])([0-9]+)", "jo", nil, 2)
            ngx.say(from, " ", to, " ", err)
        }
    }
--- request
GET /t
--- response_body
9 11 nil
--- no_error_log
[error]



=== TEST 31: re.find with a group that is none
--- config
    location = /t {
        content_by_lua_block {
            local from, to, err = ngx.re.find("a", "a", "", nil, 3)
            ngx.say(from, " ", err)
        }
    }
--- request
GET /t
--- response_body
nil nth out of bound
--- no_error_log
[error]



=== TEST 32: re.gmatch
--- config
    location = /t {
        content_by_lua_block {
            local t = {}
            for m in ngx.re.gmatch("a1b22c", "[0-9]+") do t[#t + 1] = m[0] end
            ngx.say(table.concat(t, ","))
        }
    }
--- request
GET /t
--- response_body
1,22
--- no_error_log
[error]



=== TEST 33: re.gmatch of empty matches
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for m in ngx.re.gmatch("abc", "x*") do n = n + 1 end
            ngx.say(n)
        }
    }
--- request
GET /t
--- response_body
4
--- no_error_log
[error]



=== TEST 34: re.sub
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.re.sub("hello, 1234", "([0-9])[0-9]", "[$0][$1][$$][${1}9]"))
        }
    }
--- request
GET /t
--- response_body
hello, [12][1][$][19]341
--- no_error_log
[error]



=== TEST 35: re.sub with a function
--- config
    location = /t {
        content_by_lua_block {
            ngx.say((ngx.re.sub("hello", "l+", function(m) return "<" .. m[0] .. ">" end)))
        }
    }
--- request
GET /t
--- response_body
he<ll>o
--- no_error_log
[error]



=== TEST 36: re.gsub
--- config
    location = /t {
        content_by_lua_block {
            local s, n = ngx.re.gsub("a1b22", "[0-9]", "x")
            ngx.say(s, " ", n)
        }
    }
--- request
GET /t
--- response_body
axbxx 3
--- no_error_log
[error]



=== TEST 37: re.gsub without a match
--- config
    location = /t {
        content_by_lua_block {
            local s, n = ngx.re.gsub("abc", "[0-9]", "x")
            ngx.say(s, " ", n)
        }
    }
--- request
GET /t
--- response_body
abc 0
--- no_error_log
[error]



=== TEST 38: re.sub with a bad template
--- config
    location = /t {
        content_by_lua_block {
            local s, n, err = ngx.re.sub("abc", "b", "$x")
            ngx.say(s, " ", err)
        }
    }
--- request
GET /t
--- response_body
nil failed to compile the replacement template
--- error_log
named captures not supported yet



=== TEST 39: re in UTF-8
--- config
    location = /t {
        content_by_lua_block {
            local m = ngx.re.match("h\195\169llo", "^h.l", "u")
            ngx.say(m and #m[0])
        }
    }
--- request
GET /t
--- response_body
4
--- no_error_log
[error]



=== TEST 40: re.split
--- config
    location = /t {
        content_by_lua_block {
            local re = require "ngx.re"
            ngx.say(table.concat(re.split("a,b,,c", ","), "|"), " ", table.concat(re.split("a1b2c", "([0-9])"), "|"), " ", #re.split("a,b,c", ",", nil, nil, 2))
        }
    }
--- request
GET /t
--- response_body
a|b||c a|1|b|2|c 2
--- no_error_log
[error]

=== TEST 41: lua_regex_match_limit: a match that goes back too often fails, others do not
--- http_config
    lua_regex_match_limit 1000;
--- config
    location = /t {
        content_by_lua_block {
            for _, options in ipairs { "", "j" } do
                ngx.say(ngx.re.match("ab", "b", options)[0], " ",
                    select(2, ngx.re.match(("a"):rep(30), "^(a+)+[bc]", options)))
            end
        }
    }
--- request
GET /t
--- response_body
b pcre_exec() failed: -47
b pcre_exec() failed: -47
