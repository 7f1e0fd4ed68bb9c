--- What libraries use of this part of resty.core: a look at whether a regex can be compiled.

local regex = { version = require("resty.core.base").version }

--- Compiles a regex, which the cache of ngx.re keeps with the option `o`.
-- @tparam string pattern
-- @tparam ?string options those of ngx.re.match
-- @treturn ?table what stands for the compiled regex; nil when it cannot be compiled
-- @return whether the cache keeps it; or the error
function regex.re_match_compile(pattern, options)
    local _, err = ngx.re.match("", pattern, options)
    if err then
        return nil, err
    end
    return { pattern = pattern, options = options }, (options or ""):find("o", 1, true) ~= nil
end

return regex
