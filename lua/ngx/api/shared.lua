--- `ngx.shared`: a table of the dictionaries that `lua_shared_dict` declares.

local shared_dict = require "perilune.shared_dict"

local shared, mt = {}, {}

for name, method in pairs(shared_dict.methods) do
    mt[name] = method
end
mt.__index = mt

shared_dict.each(function(name, pointer)
    shared[name] = setmetatable({ pointer }, mt)
end)

return shared
