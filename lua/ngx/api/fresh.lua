--- lua_code_cache off: before Lua runs for a request, what programs have loaded and set is forgotten, so that the next
-- `require` reads the file again. One machine still serves everything: what others hold they keep.

local ffi = require "ffi"
local sys = require "perilune.core.sys"
local together = require("perilune.options").together

local fresh = {}

local own_path = sys.lua_dir() .. "/?.lua"

--- What there was before init_by_lua.
local globals, modules

--- The server's own modules stay: C knows them.
local function is_own(name)
    return name:find("^perilune%.") or package.searchpath(name, own_path)
end

--- A library that is loaded again declares the same C types again.
local function allow_repeated_declarations()
    local cdef, metatype, declared = ffi.cdef, ffi.metatype, {}

    function ffi.cdef(text, ...) -- luacheck: ignore 122
        if declared[text] and select("#", ...) == 0 then
            return
        end
        cdef(text, ...)
        declared[text] = true
    end

    function ffi.metatype(ctype, methods) -- luacheck: ignore 122
        local ok, made = pcall(metatype, ctype, methods)
        if ok then
            return made
        elseif tostring(made):find("protected metatable", 1, true) then
            return ffi.typeof(ctype)
        end
        error(made, 2)
    end
end

--- Remembers what there is.
function fresh.remember()
    globals, modules = together(_G), together(package.loaded)
    allow_repeated_declarations()
end

--- Forgets the modules of programs; `with_globals`: and what they have set in the globals, which nobody uses now.
function fresh.forget(with_globals)
    for name in pairs(package.loaded) do
        if modules[name] == nil and not is_own(name) then
            package.loaded[name] = nil
        end
    end
    if not with_globals then
        return
    end
    for name in pairs(_G) do
        if globals[name] == nil then
            rawset(_G, name, nil)
        end
    end
    for name, value in pairs(globals) do
        rawset(_G, name, value)
    end
end

return fresh
