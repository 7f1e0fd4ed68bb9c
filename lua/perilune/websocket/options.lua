--- Options of WebSockets: their names, types and ranges.

local suggest = require "perilune.suggest"

local options = {}

local KINDS = {
    sub_protocols = "table", headers = "table", origin = "origin",
    max_frame_payload = { 125, 2 ^ 40 }, max_message_size = { 0, 2 ^ 31 }, watermark = { 0, 2 ^ 31 },
    compression = "boolean", no_context_takeover = "boolean", peer_no_context_takeover = "boolean",
    pieces = "boolean", compression_level = { 1, 9 }, compression_memory_level = { 1, 9 },
    compression_threshold = { 0, 2 ^ 31 }, window_bits = { 9, 15 }, peer_window_bits = { 9, 15 },
    heartbeat_interval = { 0, 1e6 }, heartbeat_timeout = { 0, 1e6 }, close_timeout = { 0, 1e6 },
}

local ORIGINS = { string = true, table = true, ["function"] = true }

local function problem_of(name, value)
    local kind = KINDS[name]
    if kind == nil then
        local names = {}
        for known in pairs(KINDS) do
            names[#names + 1] = known
        end
        return ("unknown option '%s'%s"):format(tostring(name), suggest(name, names))
    elseif type(kind) == "table" then
        if type(value) ~= "number" or not (value >= kind[1] and value <= kind[2]) then
            return ("option '%s' must be a number from %g to %g"):format(name, kind[1], kind[2])
        end
    elseif kind == "origin" then
        if not ORIGINS[type(value)] then
            return ("option 'origin' must be \"*\", an array or a function, not a %s"):format(type(value))
        end
    elseif type(value) ~= kind then
        return ("option '%s' must be a %s, not a %s"):format(name, kind, type(value))
    end
end

--- Checks a table of options; raises at the caller's caller.
-- @tparam string what the function they are for
-- @tparam[opt] table opts
-- @treturn table opts, or an empty one
function options.check(what, opts)
    if opts == nil then
        return {}
    elseif type(opts) ~= "table" then
        error(("bad argument 'opts' to %s (table expected, got %s)"):format(what, type(opts)), 3)
    end
    for name, value in pairs(opts) do
        local problem = problem_of(name, value)
        if problem then
            error(what .. ": " .. problem, 3)
        end
    end
    return opts
end

return options
