--- `resty.core.ctx`.

local ctx = { version = require("resty.core.base").version }

--- The table of `ngx.ctx`; `fresh` becomes it when there is none yet.
function ctx.get_ctx_table(fresh)
    local core = require "perilune.core.ngx"
    local native = require "ngx.api.native"
    local CTX_REF = 6
    if fresh and native.number(CTX_REF) < 0 then
        core.set_ctx(fresh)
    end
    return ngx.ctx
end

return ctx
