# LuaJIT compiles loops around ngx.re, and patterns without the option "o" are compiled once, too.
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('debug');
run_tests();

__DATA__

=== TEST 1: loops around each function become traces
--- config
    location = /t {
        content_by_lua_block {
            local v = require "jit.v"
            local split = require("ngx.re").split
            local re = ngx.re
            local loops = {
                match = function() for _ = 1, 5000 do re.match("hello 42", [[(\w+) (\d+)]]) end end,
                find = function() for _ = 1, 5000 do re.find("hello 42", [[\d+]], "jo") end end,
                gmatch = function() for _ = 1, 5000 do for _ in re.gmatch("1 2 3", [[\d]], "jo") do end end end,
                sub = function() for _ = 1, 5000 do re.sub("hello 42", [[\d+]], "[$0]", "jo") end end,
                gsub = function() for _ = 1, 5000 do re.gsub("1 2 3", [[\d]], "n", "jo") end end,
                split = function() for _ = 1, 5000 do split("1,2,3", ",", "jo") end end,
            }
            for _, name in ipairs { "match", "find", "gmatch", "sub", "gsub", "split" } do
                local path = os.tmpname()
                jit.flush()
                v.on(path)
                loops[name]()
                v.off()
                local text = io.open(path):read("*a")
                os.remove(path)
                ngx.say(name, ": ", text:find("%[TRACE +%d+[^%-\n]* loop%]") and "traced" or text)
            end
        }
    }
--- request
GET /t
--- response_body
match: traced
find: traced
gmatch: traced
sub: traced
gsub: traced
split: traced

=== TEST 2: more patterns than are kept, made anew for each call
--- config
    location = /t {
        content_by_lua_block {
            local n = 0
            for round = 1, 2 do
                for i = 1, 3000 do
                    n = n + (ngx.re.find("a" .. i, "a" .. i .. "$") or 0)
                    n = n + (ngx.re.find("always", "a") or 0)
                end
            end
            ngx.say(n)
        }
    }
--- request
GET /t
--- response_body
12000

=== TEST 3: a pattern is compiled once, also without "o"; debug lines tell of its other uses
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 10 do
                ngx.re.match("a", "a", "j")
            end
            ngx.say("done")
        }
    }
--- request
GET /t
--- grep_error_log eval: qr/(?:a pattern is used that is known: )?pcre2 JIT compiled successfully/
--- grep_error_log_out eval
"pcre2 JIT compiled successfully\n" . "a pattern is used that is known: pcre2 JIT compiled successfully\n" x 9



=== TEST 7: with "o", other uses of a pattern are not told
--- config
    location = /t {
        content_by_lua_block {
            for i = 1, 10 do
                ngx.re.match("a", "a", "jo")
            end
            ngx.say("done")
        }
    }
--- request
GET /t
--- response_body
done
--- grep_error_log: pcre2 JIT compiled successfully
--- grep_error_log_out
pcre2 JIT compiled successfully
