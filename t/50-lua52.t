# What OpenResty's LuaJIT has of Lua 5.2: pairs and ipairs by the metatable, table.pack, table.unpack.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: pairs and ipairs ask the metatable for a function of its own, and only there
--- config
    location = /t {
        content_by_lua_block {
            local function stepper(t, i)
                i = (i or 0) + 1
                if i <= t.n then return i, t.word .. i, "more" end
            end
            local own = { __pairs = function(t) return stepper, t, nil, "more" end, __ipairs = function(t) return stepper, t, 1 end }
            local t = setmetatable({ n = 3, word = "w" }, own)
            for k, v in pairs(t) do ngx.print(k, v, " ") end
            for k, v in ipairs(t) do ngx.print(k, v, " ") end
            ngx.say(select("#", pairs(t)))

            local inherits = setmetatable({ 5, 6 }, setmetatable({}, { __index = own }))
            local guarded = setmetatable({ 7 }, { __metatable = "private" })
            local plain = setmetatable({ 8, a = 9 }, {})
            for _, each in ipairs { inherits, guarded, plain } do
                for k, v in pairs(each) do ngx.print(k, "=", v, " ") end
                for k, v in ipairs(each) do ngx.print(k, ":", v, " ") end
            end
            ngx.say(next({}) == nil and pairs(plain) == next)
        }
    }
--- request
GET /t
--- response_body
1w1 2w2 3w3 2w2 3w3 3
1=5 2=6 1:5 2:6 1=7 1:7 1=8 a=9 1:8 true



=== TEST 2: what cannot be iterated is told where it stands
--- config
    location = /t {
        content_by_lua_block {
            local list
            ngx.say((select(2, pcall(function() for _ in pairs(list) do end end)):gsub(".*%(nginx.conf:%d+%)", "")))
            ngx.say((select(2, pcall(function() for _ in ipairs(3) do end end)):gsub(".*%(nginx.conf:%d+%)", "")))
            ngx.say((select(2, pcall(function() for _ in pairs("text") do end end)):gsub(".*%(nginx.conf:%d+%)", "")))
        }
    }
--- request
GET /t
--- response_body
:3: bad argument #1 to 'pairs' (table expected, got nil)
:4: bad argument #1 to 'ipairs' (table expected, got number)
:5: bad argument #1 to 'pairs' (table expected, got string)



=== TEST 3: table.pack and table.unpack, in worker threads too
--- main_config
    thread_pool pool threads=1;
--- http_config
    lua_package_path "$prefix/html/?.lua;;";
--- user_files
>>> work.lua
return {
    run = function()
        local t = table.pack(1, nil, 3, nil)
        local own = setmetatable({}, { __pairs = function() return next, { word = "kept" } end })
        for _, word in pairs(own) do return t.n, word, table.unpack(t, 1, 3) end
    end
}
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(select("#", table.unpack(table.pack(nil, nil), 1, 2)), " ", table.pack().n, " ", table.unpack == unpack)
            local ok, n, word, a, b, c = ngx.run_worker_thread("pool", "work", "run")
            ngx.say(tostring(ok), " ", n, " ", word, " ", a, " ", tostring(b), " ", c)
        }
    }
--- request
GET /t
--- response_body
2 0 true
true 4 kept 1 nil 3
