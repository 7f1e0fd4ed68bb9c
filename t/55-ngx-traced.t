# LuaJIT compiles loops around functions that are plain C behind its FFI, without leaving the trace for a C function.
use Test::Nginx::Socket 'no_plan';

no_root_location();
log_level('debug');
our $Traced = <<'_EOC_';
    init_worker_by_lua_block {
        local v = require "jit.v"
        function traced(fn)
            local path = os.tmpname()
            jit.flush()
            v.on(path)
            fn()
            v.off()
            local text = io.open(path):read("*a"):gsub("[^\n]*v%.lua:[^\n]*\n", "") -- of jit.v itself
            os.remove(path)
            return not text:find("stitch") and text:find("%[TRACE +%d+[^%-\n]* loop%]") and "traced" or text
        end
    }
_EOC_

run_tests();

__DATA__

=== TEST 1: facts of the request, ndk.set_var, ngx.process, resty.core.utils
--- http_config eval: $::Traced
--- config
    location = /t {
        content_by_lua_block {
            local escape = ndk.set_var.set_escape_uri
            local pid = require("ngx.process").get_master_pid
            local replace = require("resty.core.utils").str_replace_char
            local calls = {
                { "is_subrequest", function() return ngx.is_subrequest end },
                { "get_uri_args", function() return ngx.req.get_uri_args() end },
                { "get_headers", function() return ngx.req.get_headers(1, true) end },
                { "set_var", function() return escape(" :") end },
                { "get_master_pid", function() return pid() end },
                { "str_replace_char", function() return replace("Header_Name_of_many_words", "_", "-") end },
            }
            for _, call in ipairs(calls) do
                local fn = call[2]
                ngx.say(call[1], ": ", traced(function() for _ = 1, 300 do fn() end end))
            end
            ngx.say(tostring(ngx.is_subrequest), " ", escape(" :"), " ", escape == ndk.set_var.set_escape_uri, " ",
                replace("a_b_c", "_", "-"), " ", replace("abc", "_", "-"))
        }
    }
--- request
GET /t?
--- response_body
is_subrequest: traced
get_uri_args: traced
get_headers: traced
set_var: traced
get_master_pid: traced
str_replace_char: traced
false %20%3A true a-b-c abc
--- error_log
lua exceeding request header limit
--- no_error_log
[error]



=== TEST 2: ngx.arg of set_by_lua and of body_filter_by_lua
--- http_config eval: $::Traced
--- config
    location = /t {
        set_by_lua $of_set '
            local n = 0
            local how = traced(function() for _ = 1, 300 do n = n + ngx.arg[1] * ngx.arg[2] end end)
            return how .. " " .. n .. " " .. tostring(ngx.arg[0]) .. tostring(ngx.arg[4]) .. "<" .. ngx.arg[3] .. ">"
        ' 2 3 $arg_none;
        content_by_lua_block { ngx.say(ngx.var.of_set) }
        body_filter_by_lua_block {
            local last, n = nil, 0
            local how = traced(function()
                for _ = 1, 300 do n, last = n + #ngx.arg[1], ngx.arg[2] end
            end)
            if last then
                ngx.arg[1] = ngx.arg[1] .. how .. " " .. n .. tostring(ngx.arg[3]) .. "\n"
            end
        }
    }
--- request
GET /t
--- response_body
traced 1800 nilnil<>
traced 0nil
--- no_error_log
[error]
