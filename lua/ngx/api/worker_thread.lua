--- ngx.run_worker_thread: a function in a thread, in a Lua machine of its own. Natively: perilune.worker_thread.

local context = require "ngx.api.context"
local core = require "perilune.core.worker_thread"

local WAIT = core.WAIT
local type = type

local texts = {
    busy = "no available Lua vm",
    no_resources = "ngx_thread_task_post failed",
}

local function failed(pool, code, text)
    if code == "not_found" then
        return false, "thread pool " .. pool .. " not found"
    elseif code == "unsupported" then
        return false, text .. " in the argument"
    end
    return false, texts[code] or text
end

--- Results of a job, which are passed on as they come.
local function taken(job, first, ...)
    if first ~= WAIT then
        return first, ...
    end
    context.wait()
    return taken(job, core.take(job))
end

--- Runs function `name` of module `module` with the arguments in a thread of the pool.
-- @tparam string pool as declared by `thread_pool`; "default" is always there
-- @tparam string module looked for along lua_package_path
-- @tparam string name
-- @treturn boolean true and the function's results; or false and a text
return function(pool, module, name, ...)
    context.check(context.waiting)
    if type(pool) ~= "string" then
        return false, "threadpool should be a string"
    elseif module == nil or name == nil then
        return false, "expecting at least 3 arguments"
    elseif type(module) ~= "string" then
        return false, "module name should be a string"
    elseif type(name) ~= "string" then
        return false, "function name should be a string"
    end
    local job, code, text = core.start(pool, module, name, ...)
    if not job then
        return failed(pool, code, text)
    end
    return taken(job, core.take(job))
end
