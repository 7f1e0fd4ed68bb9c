--- `perilune routes app`: the routes of an application as a table.

local command = {}

--- The value of the module `name`, of the field behind its last dot (as `handler` of the configuration finds it), or of
-- a file whose name ends in .lua.
local function load(name)
    if name:find("%.lua$") then
        local chunk, why = loadfile(name)
        return (chunk or error(why, 0))()
    end
    local ok, value = pcall(require, name)
    local parent, field = name:match("^(.*)%.([%w_]+)$")
    if ok then
        return value
    elseif not parent then
        error(value, 0)
    end
    local parent_ok, module = pcall(require, parent)
    if not parent_ok then
        error(value, 0)
    end
    return type(module) == "table" and module[field]
end

--- Applications may want dictionaries when they are loaded: here they are made as they are asked for.
local function make_dictionaries()
    local shared = require "perilune.shared"
    local function make(_, name)
        return type(name) == "string" and shared.declare(name) or nil
    end
    setmetatable(shared, { __index = make })
    local of_ngx = getmetatable(ngx.shared)
    local find = of_ngx.__index
    function of_ngx.__index(t, name)
        return make(t, name) and find(t, name)
    end
end

local function refuse(why)
    io.stderr:write("perilune: ", tostring(why), "\n")
    os.exit(1)
end

--- Prints the routes; ends the program with 1 when there are none to be had.
-- @tparam string name
function command.show(name)
    make_dictionaries()
    local ok, value = pcall(load, name)
    if not ok then
        return refuse(value)
    elseif (getmetatable(value) or {}).__name ~= "http.router" then
        return refuse(("%s is no router (http.router), but a %s"):format(name, type(value)))
    end
    io.stdout:write(tostring(value))
    os.exit(0) -- what the application has begun, such as to listen to a topic, does not hold us
end

return command
