--- `ngx.shared`: a table of the dictionaries that `lua_shared_dict` declares.

local shared_dict = require "perilune.shared_dict"

local shared, mt = {}, {}

for name, method in pairs(shared_dict.methods) do
    mt[name] = method
end
mt.__index = mt

local function add(name, pointer)
    shared[name] = rawget(shared, name) or setmetatable({ pointer }, mt)
end

shared_dict.each(add)
if not shared_dict.is_configured() then -- a script may declare more (perilune.shared)
    setmetatable(shared, { __index = function(_, wanted)
        shared_dict.each(add)
        return rawget(shared, wanted)
    end })
end

return shared
