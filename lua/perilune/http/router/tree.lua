--- The tree of a router: a radix tree over the segments of paths.
--
-- A node has `static` (segment → node), `choices` (array of `{constraint, node}` for a named segment, constrained ones
-- first), `rest` (array of `{constraint, methods}` for `*name`, constrained ones first) and, where paths end, `methods`
-- (method → route; "*" any). Looking up costs one hash access a segment, however many routes there are. Where several
-- branches fit, the static one is tried first, then the named ones, then the rest; a branch without the method is left
-- again.
--
-- Most nodes leave no choice. What then has to be done is `kind`: "text", the one segment `text` leads to `below`;
-- "static", the segment is looked up; "name", any segment that is not empty and meets `constraint` leads to `below`,
-- and is a value; "either", the same, unless it is in `static`. The others are "branch".

local allows = require("perilune.http.router.pattern").allows

local byte, find, sub = string.byte, string.find, string.sub

local SLASH = byte "/"

local tree = {}

--- With all its fields, so that each is in the same place in each node, which compiled code checks for.
local function new_node()
    return { kind = "static", below = false, text = false, constraint = false, methods = false, static = {},
        choices = {}, rest = {} }
end

--- Says what kind of node it has become.
local function settle(node)
    local segment, below = next(node.static)
    local choice, is_one = node.choices[1], below and not next(node.static, segment)
    if node.rest[1] or node.choices[2] then
        node.kind = "branch"
    elseif choice then
        node.kind, node.below, node.constraint = below and "either" or "name", choice.node, choice.constraint
    elseif is_one then
        node.kind, node.text, node.below = "text", segment, below
    else
        node.kind = "static"
    end
end

--- An empty tree.
-- @treturn table
tree.new = new_node

--- The entry of `list` with that constraint, made in its place when it is missing.
local function entry(list, constraint, make)
    for _, e in ipairs(list) do
        if e.constraint == constraint then
            return e
        end
    end
    local e, at = make(), #list + 1
    e.constraint = constraint
    if constraint ~= nil then
        at = 1
        while list[at] and list[at].constraint ~= nil do
            at = at + 1
        end
    end
    table.insert(list, at, e)
    return e
end

local function new_rest()
    return { methods = {} }
end

local function new_choice()
    return { node = new_node() }
end

--- The methods of the place that a route is for.
local function methods_of(node, route)
    for _, part in ipairs(route.parts) do
        local constraint, at = route.where[part.name], node
        if part.static then
            node.static[part.static] = node.static[part.static] or new_node()
            node = node.static[part.static]
        elseif part.is_rest then
            node.kind = "branch"
            return entry(node.rest, constraint, new_rest).methods
        else
            node = entry(node.choices, constraint, new_choice).node
        end
        settle(at)
    end
    node.methods = node.methods or {}
    return node.methods
end

--- Adds a route; raises a text when another one stands there.
-- @tparam table node the root
-- @tparam table route `parts where methods pattern`
function tree.add(node, route)
    local methods = methods_of(node, route)
    for _, method in ipairs(route.methods) do
        if methods[method] then
            error(("%s %s stands there already, as %s"):format(method, route.pattern, methods[method].pattern), 0)
        end
        methods[method] = route
    end
end

local walk

--- Where more than one branch may fit: each in turn, the static one first, until one has what is wanted.
local function branch(path, values, node, at, n, wanted, x)
    local stop = find(path, "/", at, true) or #path + 1
    local segment, after = sub(path, at, stop - 1), stop + 1
    local below = node.static[segment]
    local route = below and walk(path, values, below, after, n, wanted, x)
    if route then
        return route
    end
    local choices = node.choices
    for i = 1, segment ~= "" and #choices or 0 do
        local choice = choices[i]
        if allows(choice.constraint, segment) then
            route = walk(path, values, choice.node, after, n + 1, wanted, x)
            if route then
                values[n + 1] = segment
                return route
            end
        end
    end
    local rest = node.rest[1] and sub(path, at)
    for i = 1, #node.rest do
        local choice = node.rest[i]
        route = allows(choice.constraint, rest) and wanted(choice.methods, x)
        if route then
            values[n + 1] = rest
            return route
        end
    end
end

--- Goes one segment on, below a node that leaves no choice; stays at the end of the path and where there is a choice.
-- @treturn table|nil node nil when the segment does not fit
-- @treturn number where the next segment begins
-- @treturn number how many values there are
local function step(path, values, node, at, n)
    local past = #path + 1
    if not node or at > past or node.kind == "branch" then
        return node, at, n
    elseif node.kind == "text" then
        local stop = at + #node.text
        if find(path, node.text, at, true) ~= at or stop < past and byte(path, stop) ~= SLASH then
            return nil
        end
        return node.below, stop + 1, n
    end
    local stop = find(path, "/", at, true) or past
    local segment = sub(path, at, stop - 1)
    if node.kind == "static" then
        return node.static[segment], stop + 1, n
    elseif node.kind == "either" and node.static[segment] then
        return node, at, n
    elseif stop == at or not allows(node.constraint, segment) then
        return nil
    end
    values[n + 1] = segment
    return node.below, stop + 1, n + 1
end

local function steps(path, values, node, at, n)
    return step(path, values, step(path, values, step(path, values, step(path, values, node, at, n))))
end

--- Visits the places that fit, best first, until `wanted` has something of the methods of one. The steps stand in a
-- row, those too many stay at the end: LuaJIT compiles that as one trace with what calls it, which it does for no loop.
-- @treturn table|nil route
function walk(path, values, node, at, n, wanted, x)
    node, at, n = steps(path, values, steps(path, values, node, at, n))
    if not node then
        return nil
    elseif at > #path + 1 then
        return node.methods and wanted(node.methods, x)
    end
    return branch(path, values, node, at, n, wanted, x)
end

local function of_method(methods, method)
    return methods[method] or method == "HEAD" and methods.GET or methods["*"]
end

--- In place of the method where a WebSocket is asked for by an extended CONNECT (RFC 8441): what answers GET is meant,
-- by which it is asked for over HTTP/1.1.
tree.WEBSOCKET = "CONNECT websocket"

local function of_websocket(methods)
    return methods.CONNECT or methods.GET or methods["*"]
end

--- The route for a request; the values of its names are put into `values`, in order.
-- @tparam table node the root
-- @tparam string method or `tree.WEBSOCKET`
-- @tparam string path begins with `/`
-- @tparam table values array to be filled
-- @treturn table|nil route
function tree.match(node, method, path, values)
    return walk(path, values, node, 2, 0, method == tree.WEBSOCKET and of_websocket or of_method, method) or nil
end

local function collect(methods, found)
    for method in pairs(methods) do
        found[method] = true
    end
    return false
end

--- Adds the methods that a path has routes for to a set.
-- @tparam table node the root
-- @tparam string path
-- @tparam table found method → true
function tree.methods(node, path, found)
    walk(path, {}, node, 2, 0, collect, found)
end

return tree
