--- What `ngx` does in a script, where nobody asks: ngx.print and say write to standard output, ngx.exit ends the
-- process. In the handlers of servers that a script has started they are what they are elsewhere.

local core = require "perilune.core.ngx"
local context = require "ngx.api.context"
local native = require "ngx.api.native"

local script = {}

local C = native.C

--- Is there nobody to answer? What a script does for itself is known as a timer.
local function is_alone()
    return C.ffi_ngx_context() == context.numbers.timer
end

--- A function that is `own` there and `usual` elsewhere.
local function either(own, usual)
    return function(...)
        if is_alone() then
            return own(...)
        end
        return usual(...)
    end
end

local function flush()
    local ok, err = io.stdout:flush()
    return ok and 1 or nil, err
end

local function done()
    return 1
end

--- Called once, by the program.
-- @tparam function is_chunk does the script's own chunk run? What it has set going ends as elsewhere by ngx.exit.
function script.open(is_chunk)
    local ngx = ngx
    ngx.print = either(core.script_print, ngx.print)
    ngx.say = either(core.script_say, ngx.say)
    ngx.flush = either(flush, ngx.flush)
    ngx.eof = either(done, ngx.eof)
    local exit = ngx.exit
    function ngx.exit(...)
        if is_chunk() then
            os.exit(...)
        end
        return exit(...)
    end
end

return script
