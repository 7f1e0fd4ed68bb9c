--- `resty.core.ctx`.

local ctx = { version = require("resty.core.base").version }

--- The table of `ngx.ctx`; `fresh` becomes it when there is none yet.
function ctx.get_ctx_table(fresh)
    return require("ngx.api.variables").ctx(fresh)
end

return ctx
