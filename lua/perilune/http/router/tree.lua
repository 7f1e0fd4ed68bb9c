--- The tree of a router: a radix tree over the segments of paths.
--
-- A node has `static` (segment → node), `choices` (array of `{constraint, node}` for a named segment, constrained ones
-- first), `rest` (array of leaves for `*name`, constrained ones first) and `leaf`. A leaf has `methods` (method →
-- route; "*" any). Looking up costs one hash access a segment, however many routes there are. Where several branches
-- fit, the static one is tried first, then the named ones, then the rest; a branch without the method is left again.
--
-- Most nodes leave no choice. What then has to be done is `kind`: "text", the one segment `text` leads to `below`;
-- "name", any segment does, and is a value; "static", the segment is looked up. The others are "branch".

local allows = require("perilune.http.router.pattern").allows

local byte, find, sub = string.byte, string.find, string.sub

local SLASH = byte "/"

local tree = {}

local function new_node()
    return { kind = "static", static = {}, choices = {} }
end

--- Says what kind of node it has become.
local function settle(node)
    local segment, below = next(node.static)
    local choice, is_one = node.choices[1], below and not next(node.static, segment)
    if node.rest or node.choices[2] or choice and (below or choice.constraint ~= nil) then
        node.kind = "branch"
    elseif choice then
        node.kind, node.below = "name", choice.node
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

local function new_leaf()
    return { methods = {} }
end

local function new_choice()
    return { node = new_node() }
end

local function leaf_of(node, route)
    for _, part in ipairs(route.parts) do
        local constraint, at = route.where[part.name], node
        if part.static then
            node.static[part.static] = node.static[part.static] or new_node()
            node = node.static[part.static]
        elseif part.is_rest then
            node.rest = node.rest or {}
            node.kind = "branch"
            return entry(node.rest, constraint, new_leaf)
        else
            node = entry(node.choices, constraint, new_choice).node
        end
        settle(at)
    end
    node.leaf = node.leaf or new_leaf()
    return node.leaf
end

--- Adds a route; raises a text when another one stands there.
-- @tparam table node the root
-- @tparam table route `parts where methods pattern`
function tree.add(node, route)
    local methods = leaf_of(node, route).methods
    for _, method in ipairs(route.methods) do
        if methods[method] then
            error(("%s %s stands there already, as %s"):format(method, route.pattern, methods[method].pattern), 0)
        end
        methods[method] = route
    end
end

local walk

--- Where more than one branch may fit: each in turn, the static one first, until one has what is wanted.
local function branch(node, path, at, segment, after, values, n, wanted, x)
    local below = node.static[segment]
    local route = below and walk(below, path, after, values, n, wanted, x)
    if route then
        return route
    end
    local choices = node.choices
    for i = 1, segment ~= "" and #choices or 0 do
        local choice = choices[i]
        if choice.constraint == nil or allows(choice.constraint, segment) then
            route = walk(choice.node, path, after, values, n + 1, wanted, x)
            if route then
                values[n + 1] = segment
                return route
            end
        end
    end
    for i = 1, node.rest and #node.rest or 0 do
        local leaf, rest = node.rest[i], sub(path, at)
        route = allows(leaf.constraint, rest) and wanted(leaf, x)
        if route then
            values[n + 1] = rest
            return route
        end
    end
end

--- Visits the leaves that fit, best first, until `wanted` has something of one. A chain of nodes without a choice is a
-- loop, which LuaJIT compiles; recursion would not be.
-- @treturn table|nil route
function walk(node, path, at, values, n, wanted, x)
    local past = #path + 1
    while at <= past do
        local kind, stop = node.kind
        if kind == "text" then
            stop = at + #node.text
            if find(path, node.text, at, true) ~= at or stop < past and byte(path, stop) ~= SLASH then
                return nil
            end
            node = node.below
        else
            stop = find(path, "/", at, true) or past
            local segment = sub(path, at, stop - 1)
            if kind == "static" then
                node = node.static[segment]
                if not node then
                    return nil
                end
            elseif kind == "branch" then
                return branch(node, path, at, segment, stop + 1, values, n, wanted, x)
            elseif segment == "" then
                return nil
            else
                n = n + 1
                values[n] = segment
                node = node.below
            end
        end
        at = stop + 1
    end
    return node.leaf and wanted(node.leaf, x)
end

local function of_method(leaf, method)
    local methods = leaf.methods
    return methods[method] or method == "HEAD" and methods.GET or methods["*"]
end

--- The route for a request; the values of its names are put into `values`, in order.
-- @tparam table node the root
-- @tparam string method
-- @tparam string path begins with `/`
-- @tparam table values array to be filled
-- @treturn table|nil route
function tree.match(node, method, path, values)
    return walk(node, path, 2, values, 0, of_method, method) or nil
end

local function collect(leaf, found)
    for method in pairs(leaf.methods) do
        found[method] = true
    end
    return false
end

--- Adds the methods that a path has routes for to a set.
-- @tparam table node the root
-- @tparam string path
-- @tparam table found method → true
function tree.methods(node, path, found)
    walk(node, path, 2, {}, 0, collect, found)
end

return tree
