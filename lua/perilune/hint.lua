--- What a person may have meant whose code has just failed: the nearest name, or the await that was forgotten.
--
-- The runtime's own texts ("attempt to call method 'colse' (a nil value)") know nothing of what there is. Where the
-- frame that failed can still be seen, so can the objects that it worked with: their names are looked through. Only
-- texts for logs are made here, after the fact: nothing is checked while all is well.

local suggest = require "perilune.suggest"

local hint = {}

local MOST_NAMES, MOST_LOCALS, DEEPEST, LONGEST = 2000, 250, 4, 64

--- Fields of requests that are made in C when they are read.
local REQUEST_FIELDS = {
    "method", "target", "uri", "path", "query_string", "query", "cookies", "content_length", "host", "server_name",
    "server_port", "remote_port", "remote_addr", "protocol", "scheme", "keep_alive", "id", "time",
}

--- The function that failed and what it had at hand, an array of {name, value}: of the innermost frame of `co`, or of
-- the one that called a message handler (this function, `of` and the handler are above it).
local function frame(co)
    local level, values = co and 0 or 4, {}
    local info = co and debug.getinfo(co, level, "f") or not co and debug.getinfo(level, "f")
    for i = 1, info and MOST_LOCALS or 0 do
        local name, value
        if co then
            name, value = debug.getlocal(co, level, i)
        else
            name, value = debug.getlocal(level, i)
        end
        if not name then
            break
        end
        values[#values + 1] = { name, value }
    end
    for i = 1, info and MOST_LOCALS or 0 do
        local name, value = debug.getupvalue(info.func, i)
        if not name then
            break
        end
        values[#values + 1] = { name, value }
    end
    return info and info.func, values
end

--- Only what may be written behind a dot or a colon: other keys are data.
local function add(names, name)
    if type(name) == "string" and #name <= LONGEST and name:find("^[%a_][%w_]*$") and #names < MOST_NAMES then
        names[#names + 1] = name
    end
end

--- Adds the names of a table, and of what it inherits from.
local function add_names(names, value)
    for _ = 1, DEEPEST do
        if type(value) ~= "table" then
            return
        end
        for key in next, value do
            add(names, key)
        end
        local mt = debug.getmetatable(value)
        if type(mt) == "table" and mt == debug.getregistry()["perilune.request"] then
            for _, name in ipairs(REQUEST_FIELDS) do
                add(names, name)
            end
            value = package.loaded["perilune.http.request"].getters
        else
            value = type(mt) == "table" and rawget(mt, "__index")
        end
    end
end

local function nearest(wanted, names)
    for i = #names, 1, -1 do
        if names[i] == wanted then -- that of another object: it is not what is missing
            table.remove(names, i)
        end
    end
    return suggest(wanted, names, math.max(1, math.floor(#wanted / 3)))
end

--- A deferred among the values: the one of that name, or any. Those without a name are what the frame computes with, or
-- what is left of an `await` that has been: only a method's object, which has just been put there, is worth a guess,
-- and a variable that is not seen any more where its block ends.
local function forgotten(values, wanted, nameless)
    local deferred = package.loaded["perilune.deferred"]
    for _, one in ipairs(deferred and values or {}) do
        if one[1] == wanted and not deferred.is_deferred(one[2]) then
            break
        end
        local name = one[1]:find("^[%a_]") and one[1] or wanted
        if (name or nameless) and (not wanted or name == wanted) and deferred.is_deferred(one[2]) then
            return name and ("; '%s' is a deferred: its value is await(%s)"):format(name, name)
                or "; was an await forgotten?"
        end
    end
    return ""
end

local function of_frame(kind, name, is_nil, fn, values)
    local names, told = {}, ""
    if not is_nil then
        return forgotten(values, name)
    elseif kind == "global" then
        add_names(names, getfenv(fn))
        return nearest(name, names)
    elseif kind == "method" or kind == "field" then
        for _, one in ipairs(values) do
            add_names(names, one[2])
        end
        told = nearest(name, names)
    end
    return told ~= "" and told or forgotten(values, nil, kind == "method")
end

--- What to add to the text of an error, empty when there is nothing to say.
-- @tparam string text as the runtime has it
-- @tparam[opt] thread co whose innermost frame has failed; none: called by a message handler
-- @treturn string
function hint.of(text, co)
    local kind, name, what = text:match("attempt to [%a ]- (%a+) '([^']+)' %(a (%a+) value%)$")
    local is_operand = not kind and text:find("attempt to [%a ]- a table value$") ~= nil
    if not kind and not is_operand then
        return ""
    end
    local fn, values = frame(co)
    if not fn then
        return ""
    end
    return is_operand and forgotten(values, nil, true) or kind and of_frame(kind, name, what == "nil", fn, values) or ""
end

return hint
