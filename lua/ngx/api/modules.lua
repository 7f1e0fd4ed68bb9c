--- Modules that are part of the server: `ngx.*`, `resty.core` and its parts.
--
-- What other systems have under these names calls into those systems' C code, so whatever lua_package_path says, ours
-- are found first. A part of `resty.core` that only replaces functions of ngx.* has nothing to do here: it is an empty
-- module. Names that we do not have are looked for as any other.

local sys = require "perilune.core.sys"

local own_path = sys.lua_dir() .. "/?.lua"

--- Parts of resty.core that have no functions of their own.
local replacers = {
    base64 = true, coroutine = true, exit = true, hash = true, misc = true, ndk = true, param = true, phase = true,
    response = true, shdict = true, socket = true, uri = true, var = true, worker = true,
}

local function empty_part()
    return { version = require("resty.core.base").version }
end

local function find(name)
    local part = name:match("^resty%.core%.?(.*)$")
    if not part and name:sub(1, 4) ~= "ngx." then
        return nil
    elseif replacers[part] then
        return empty_part
    end
    local path = package.searchpath(name, own_path)
    return path and assert(loadfile(path)) or nil
end

table.insert(package.loaders, 2, find)

--- It is there without being asked for; lua_load_resty_core has no say.
package.loaded["resty.core"] = { version = "0.1.33" }
