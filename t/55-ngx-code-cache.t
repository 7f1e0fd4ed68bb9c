# lua_code_cache off: files, modules, handlers and globals of programs are new for each request
use Test::Nginx::Socket 'no_plan';

no_shuffle();
run_tests();

__DATA__

=== TEST 1: a module that was changed is read again; one that holds the older one keeps it
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- user_files
>>> count.lua
return { loaded = "first" }
--- config
    lua_code_cache off;
    location = /change {
        content_by_lua_block {
            local held = require "count"
            local f = assert(io.open(ngx.config.prefix() .. "html/count.lua", "w"))
            f:write("return { loaded = 'second' }")
            f:close()
            ngx.say(held.loaded, " ", require("count").loaded)
        }
    }
    location = /look {
        content_by_lua_block { ngx.say(require("count").loaded) }
    }
--- pipelined_requests eval
["GET /look", "GET /change", "GET /look"]
--- response_body eval
["first\n", "first first\n", "second\n"]
--- no_error_log
[error]



=== TEST 2: globals go, what init_by_lua makes comes again, the server's own modules stay
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
    init_by_lua_block {
        counter = { n = 0 }
        require("made").n = 1
    }
--- user_files
>>> made.lua
return {}
--- config
    lua_code_cache off;
    location = /t {
        content_by_lua_block {
            local before = ngx.socket.tcp
            stray = (stray or 0) + 1
            string = string
            counter.n = counter.n + 1
            ngx.say(stray, " ", counter.n, " ", require("made").n, " ", package.loaded["ngx.api.fresh"] ~= nil, " ",
                before == ngx.socket.tcp)
        }
    }
--- pipelined_requests eval
["GET /t", "GET /t"]
--- response_body eval
["1 1 1 true true\n", "1 1 1 true true\n"]
--- no_error_log
[error]



=== TEST 3: a request under way keeps its globals when another one begins, also a capture of its own
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- user_files
>>> part.lua
return {}
--- config
    lua_code_cache off;
    location = /sub {
        content_by_lua_block {
            require("part").mark = "of the capture"
            ngx.say("sub ", require("part").mark)
        }
    }
    location = /t {
        content_by_lua_block {
            mine = "here"
            require("part").mark = "of the request"
            ngx.print(ngx.location.capture("/sub").body)
            ngx.say(mine, " ", require("part").mark)
        }
    }
--- request
GET /t
--- response_body
sub of the capture
here of the capture
--- no_error_log
[error]



=== TEST 4: a library that declares C types can be loaded again
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- user_files
>>> point.lua
local ffi = require "ffi"
ffi.cdef "struct point_of_test { int x; };"
local new = ffi.metatype("struct point_of_test", { __index = { twice = function(self) return 2 * self.x end } })
return function(x) return new(x) end
--- config
    location = /t {
        lua_code_cache off;
        content_by_lua_block {
            ngx.say(require("point")(21):twice())
            ngx.say(pcall(require("ffi").cdef, "struct point_of_test { int y; };"))
        }
    }
--- pipelined_requests eval
["GET /t", "GET /t"]
--- response_body_like eval
["^42\nfalse.*redefine", "^42\nfalse.*redefine"]
--- no_error_log
[error]



=== TEST 5: a native handler is loaded anew; where the cache is on nothing is forgotten
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- user_files
>>> page.lua
local n = 0
return function()
    n = n + 1
    return n .. "\n"
end
>>> kept.lua
return { n = 0 }
--- config
    location = /native {
        lua_code_cache off;
        handler page;
    }
    location = /kept {
        content_by_lua_block {
            local kept = require "kept"
            kept.n = kept.n + 1
            ngx.say(kept.n)
        }
    }
--- pipelined_requests eval
["GET /native", "GET /native", "GET /kept", "GET /kept"]
--- response_body eval
["1\n", "1\n", "1\n", "2\n"]
--- no_error_log
[error]
