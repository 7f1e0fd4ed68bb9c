--- Routers: which handler answers a request, by host, path and method.
--
--     local routes = http.router()
--     routes:get("/users/:id", show, { name = "user", where = { id = "%d+" } })
--     return routes                       -- `handler module;` takes it, `routes.handler` is the function
--
-- Paths are matched as `req.path` has them: decoded and normalised. What a pattern can hold: router/pattern.lua; how
-- it is found: router/tree.lua. HEAD is answered by the route of GET, OPTIONS by a list of methods, unless there are
-- routes for them; a path whose routes are for other methods is answered 405. To add a field to routes: `ROUTE` below.

local middleware = require "perilune.http.middleware"
local options = require "perilune.options"
local params = require "perilune.http.params"
local pattern = require "perilune.http.router.pattern"
local tree = require "perilune.http.router.tree"
local upgrade = require "perilune.core.upgrade"

local router = {}
local Router = {}
local mt = { __index = Router, __name = "http.router" }

local OPTIONS = { middleware = "table", not_found = "function", method_not_allowed = "function" }
local GROUP = { middleware = "table", where = "table", name = "string" }
local ROUTE = { middleware = "table", where = "table", name = "string" }
local METHODS = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" }

local function appended(a, b)
    local all = {}
    for _, list in ipairs { a, b or {} } do
        for _, v in ipairs(list) do
            all[#all + 1] = v
        end
    end
    return all
end

--- The tree of a host pattern; "" is every host.
local function tree_of(state, host)
    local kind = host:find("^[:*]") and state.wild or state.trees
    if kind[host] then
        return kind[host].tree or kind[host]
    end
    local root = tree.new()
    state.has_hosts = true
    if kind == state.trees then
        kind[host] = root
        return root
    end
    local name, domain = host:match("^[:*]([%w_]*)(%..+)$")
    kind[host] = { name = name ~= "" and name or nil, domain = domain, tree = root }
    kind[#kind + 1] = kind[host]
    return root
end

local function insert(state, route)
    if state.is_mounted then
        error("a router that is mounted takes no more routes", 0)
    elseif route.name and state.by_name[route.name] then
        error(("a route named '%s' stands there already"):format(route.name), 0)
    end
    route.params_of = pattern.table_of(route.names)
    route.run = middleware.around(route.handler, route.middleware)
    tree.add(tree_of(state, route.host), route)
    state.routes[#state.routes + 1] = route
    if route.name then
        state.by_name[route.name] = route
    end
end

local function names_of(parts)
    local names = {}
    for _, part in ipairs(parts) do
        names[#names + 1] = part.name
    end
    return names
end

local function check_where(where)
    for name, constraint in pairs(where) do
        if type(constraint) ~= "string" and type(constraint) ~= "function" then
            error(("where.%s must be a Lua pattern or a function"):format(name), 0)
        elseif type(constraint) == "string" then
            local ok, err = pcall(string.find, "", constraint)
            if not ok then
                error(("where.%s: %s"):format(name, err:gsub("^.-:%d+: ", "")), 0)
            end
        end
    end
end

--- A constraint of a name that the pattern does not have would never be asked; those of a group are for whom they fit.
local function check_where_names(where, parts, full)
    for name in pairs(where) do
        local is_there = false
        for _, part in ipairs(parts) do
            is_there = is_there or part.name == name
        end
        if not is_there then
            error(("where.%s: pattern '%s' has no such name"):format(name, full), 0)
        end
    end
end

local function function_of(handler, full)
    local fn = type(handler) == "table" and handler.handler or handler
    if type(fn) ~= "function" then
        error(("the handler of '%s' must be a function, not a %s"):format(full, type(handler)), 0)
    end
    return fn
end

local function add(self, methods, path, handler, o)
    if getmetatable(self) ~= mt then
        error("its functions are methods, to be called as router:get(path, handler)", 0)
    end
    local full = pattern.join(self.prefix, path)
    local parts = pattern.parse(full)
    check_where(o.where or {})
    check_where_names(o.where or {}, parts, full)
    insert(self.state, { methods = methods, pattern = full, parts = parts, names = names_of(parts),
        host = self.host_pattern, where = options.together(self.where, o.where), handler = function_of(handler, full),
        middleware = appended(self.middleware, o.middleware), name = o.name and self.name_prefix .. o.name })
end

--- The prefix of a group or an application inside `self`.
local function full_prefix(self, prefix)
    pattern.parse(prefix)
    if prefix == "/" then
        return self.prefix
    elseif prefix:sub(-1) == "/" then
        error(("bad prefix '%s': it ends in '/'"):format(prefix), 0)
    end
    return self.prefix .. prefix
end

--- Runs `fn(...)`; what it raises is put down to the caller of the method.
local function blamed(fn, ...)
    local ok, err = pcall(fn, ...)
    if not ok then
        error("http.router: " .. tostring(err), 3)
    end
    return err
end

--- Adds a route.
-- Options: `name` (for `url_for`), `where` (name → Lua pattern that the whole value must match, or a function(value) →
-- boolean), `middleware` (array, the first one outermost).
-- @tparam string|table methods "GET", an array of methods, or "*" for those without a route of their own
-- @tparam string path a pattern
-- @tparam function|table handler function(req) → response, or a table with one as `handler`
-- @tparam[opt] table opts
-- @treturn router itself; raises on misuse: a malformed pattern, a route or a name that stands there already
function Router:route(methods, path, handler, opts)
    opts = options.check(opts, ROUTE, "http.router", 2)
    blamed(add, self, type(methods) == "table" and methods or { methods }, path, handler, opts)
    return self
end

for _, method in ipairs(METHODS) do
    Router[method:lower()] = function(self, path, handler, opts)
        opts = options.check(opts, ROUTE, "http.router", 2)
        blamed(add, self, { method }, path, handler, opts)
        return self
    end
end

--- Adds a route for every method that has none of its own there.
function Router:any(path, handler, opts)
    opts = options.check(opts, ROUTE, "http.router", 2)
    blamed(add, self, { "*" }, path, handler, opts)
    return self
end

local function derived(self, fields)
    return setmetatable(options.together({ state = self.state, prefix = self.prefix, host_pattern = self.host_pattern,
        where = self.where, middleware = self.middleware, name_prefix = self.name_prefix, handler = self.handler },
        fields), mt)
end

local function check_fn(fn, method)
    if type(fn) ~= "function" then
        error(("http.router: %s is called with a function that adds the routes, not a %s"):format(method, type(fn)), 3)
    end
end

--- Routes below a prefix. Options: `middleware` and `where` for all of them, `name`, which is put before theirs.
-- @tparam string prefix a pattern without a slash at its end
-- @tparam[opt] table opts
-- @tparam function fn fn(group) adds the routes
-- @treturn router itself
function Router:group(prefix, opts, fn)
    if type(opts) == "function" then
        opts, fn = nil, opts
    end
    opts = options.check(opts, GROUP, "http.router group", 2)
    check_fn(fn, "group")
    local full = blamed(full_prefix, self, prefix)
    blamed(check_where, opts.where or {})
    fn(derived(self, { prefix = full, where = options.together(self.where, opts.where),
        middleware = appended(self.middleware, opts.middleware),
        name_prefix = self.name_prefix .. (opts.name or "") }))
    return self
end

--- Routes of one host; those without a host serve the others, and what this host has no route for.
-- @tparam string host "api.example.org", or with a first label that may be any: "*.example.org", or
-- ":tenant.example.org", which makes it a parameter
-- @tparam function fn fn(group) adds the routes
-- @treturn router itself
function Router:host(host, fn)
    local is_wild = host:find("^[:*]") ~= nil
    if is_wild and not host:find("^:[%a_][%w_]*%.[^:*]+$") and not host:find("^%*%.[^:*]+$")
        or not is_wild and host:find("[:*]") then
        error(("http.router: bad host '%s'"):format(host), 2)
    end
    check_fn(fn, "host")
    fn(derived(self, { host_pattern = host:lower() }))
    return self
end

local function graft(self, prefix, other)
    if other.state == self.state then
        error("a router cannot be mounted into itself", 0)
    end
    prefix = full_prefix(self, prefix)
    for _, r in ipairs(other.state.routes) do
        local full = pattern.join(prefix, r.pattern)
        local parts = pattern.parse(full)
        insert(self.state, options.together(r, { pattern = full, parts = parts, names = names_of(parts),
            host = r.host ~= "" and r.host or self.host_pattern, where = options.together(self.where, r.where),
            middleware = appended(self.middleware, appended(other.state.around, r.middleware)),
            name = r.name and self.name_prefix .. r.name }))
    end
    other.state.is_mounted = true
end

--- A handler that sees what is below the prefix as `req.path`, and the prefix as `req.mount`.
local function below(handler)
    return function(req)
        local path, rest = req.path, req.params._rest
        req.params._rest = nil
        rawset(req, "mount", rest and path:sub(1, -#rest - 2) or path)
        rawset(req, "path", "/" .. (rest or ""))
        return handler(req)
    end
end

local function mount_function(self, prefix, handler)
    local inner = below(function_of(handler))
    if full_prefix(self, prefix) ~= "" then
        add(self, { "*" }, prefix, inner, {})
    end
    add(self, { "*" }, pattern.join(prefix == "/" and "" or prefix, "/*_rest"), inner, {})
end

--- Puts an application below a prefix: the routes of another router, which then takes no more, with its middleware; or
-- a handler, which gets every request there, with what follows the prefix as `req.path` and the prefix as `req.mount`.
-- @tparam string prefix a pattern without a slash at its end
-- @tparam router|function app
-- @treturn router itself
function Router:mount(prefix, app)
    if getmetatable(app) == mt then
        blamed(graft, self, prefix, app)
    else
        blamed(mount_function, self, prefix, app)
    end
    return self
end

--- The path of a named route, escaped; values that are no names of its pattern become the query. `//host/…` for a
-- route of one host.
-- @tparam string name
-- @tparam[opt] table values
-- @treturn string; raises when there is no such route, or a value is missing or not allowed
function Router:url_for(name, values)
    local route = self.state.by_name[name]
    if not route then
        error(("url_for: no route is named '%s'"):format(tostring(name)), 2)
    end
    local ok, path = pcall(pattern.fill, route, values or {})
    if not ok then
        error(path, 2)
    end
    local query = options.together(values)
    for _, known in ipairs(route.names) do
        query[known] = nil
    end
    local host = route.host
    if host:sub(1, 1) == ":" then
        local label = host:match("^:([%w_]+)")
        host = tostring(query[label] or error("url_for: the host needs '" .. label .. "'", 2)) .. host:sub(#label + 2)
        query[label] = nil
    end
    local text = next(query) ~= nil and "?" .. params.encode(query) or ""
    return (host ~= "" and "//" .. host or "") .. path .. text
end

--- The routes as a table for people, in the order in which they were added: method, host and pattern, name.
-- `tostring(router)` is the same.
-- @treturn string
function Router:table()
    local rows, widths = {}, { 0, 0 }
    for i, r in ipairs(self.state.routes) do
        local row = { table.concat(r.methods, ","), r.host .. r.pattern, r.name or "" }
        for column = 1, 2 do
            widths[column] = math.max(widths[column], #row[column])
        end
        rows[i] = row
    end
    for i, row in ipairs(rows) do
        local line = ("%-" .. widths[1] .. "s  %-" .. widths[2] .. "s  %s"):format(row[1], row[2], row[3])
        rows[i] = line:match("^(.-)%s*$") .. "\n"
    end
    return table.concat(rows)
end

mt.__tostring = Router.table

--- The label of a host that a wild pattern leaves open, or nil.
local function label_of(wild, host)
    local label = host:sub(1, -#wild.domain - 1)
    return host:sub(-#wild.domain) == wild.domain and label ~= "" and not label:find(".", 1, true) and label or nil
end

local function match_wild(state, method, path, host, values)
    for _, wild in ipairs(state.wild) do
        local label = label_of(wild, host)
        local route = label and tree.match(wild.tree, method, path, values)
        if route then
            return route, wild.name, label
        end
    end
end

local function method_of(req)
    local method = req.method
    return method == "CONNECT" and upgrade.is_asked(req) and tree.WEBSOCKET or method
end

--- The route of a request, with the values of its names; for a host with a name, that and its label.
local function match(state, req, values)
    local path, method = req.path, method_of(req)
    if state.has_hosts then
        local host = (req.host or ""):lower()
        local exact = host ~= "" and state.trees[host]
        local route = exact and tree.match(exact, method, path, values)
        if route then
            return route
        end
        local wild, name, label = match_wild(state, method, path, host, values)
        if wild then
            return wild, name, label
        end
    end
    return tree.match(state.trees[""], method, path, values)
end

--- The value of Allow for a path, nil when it has no routes at all.
local function allowed_methods(state, req)
    local found, list, host = {}, {}, (req.host or ""):lower()
    tree.methods(state.trees[""], req.path, found)
    if host ~= "" and state.trees[host] then
        tree.methods(state.trees[host], req.path, found)
    end
    for _, wild in ipairs(state.wild) do
        if label_of(wild, host) then
            tree.methods(wild.tree, req.path, found)
        end
    end
    if next(found) == nil then
        return nil
    end
    found.OPTIONS, found.HEAD = true, found.HEAD or found.GET
    for method in pairs(found) do
        list[#list + 1] = method
    end
    table.sort(list)
    return table.concat(list, ", ")
end

--- What a request gets for which there is no route.
local function answer_unmatched(state, o, req)
    local allow = allowed_methods(state, req)
    if not allow then
        return (o.not_found or function()
            return { status = 404, body = "not found\n" }
        end)(req)
    elseif req.method == "OPTIONS" then
        return { status = 204, headers = { Allow = allow } }
    elseif o.method_not_allowed then
        return o.method_not_allowed(req, allow)
    end
    return { status = 405, headers = { Allow = allow }, body = "method not allowed\n" }
end

local function add_params(found, names, values)
    for i = 1, #names do
        found[names[i]] = values[i]
    end
end

local function dispatcher(state, o)
    local values = {} -- for the time of a match, which does not wait
    return function(req)
        if req.method == "OPTIONS" and req.target == "*" then -- the server as a whole
            return { status = 204 }
        end
        local route, host_name, label = match(state, req, values)
        if not route then
            return answer_unmatched(state, o, req)
        end
        local found = req.params
        if not found then
            found = route.params_of(values)
            rawset(req, "params", found)
        else
            add_params(found, route.names, values)
        end
        if host_name then
            found[host_name] = label
        end
        rawset(req, "route", route)
        return route.run(req)
    end
end

--- A router.
-- Options: `middleware` (array, around everything that the router answers, 404 too), `not_found` (handler),
-- `method_not_allowed` (function(req, allow) → response; `allow` is the text of the field Allow).
-- @tparam[opt] table opts
-- @treturn router; `router.handler` is its handler
function router.new(opts)
    opts = options.check(opts, OPTIONS, "http.router", 2)
    local state = { routes = {}, by_name = {}, trees = { [""] = tree.new() }, wild = {}, has_hosts = false,
        around = opts.middleware or {} }
    return setmetatable({ state = state, prefix = "", host_pattern = "", where = {}, middleware = {}, name_prefix = "",
        handler = middleware.around(dispatcher(state, opts), state.around) }, mt)
end

return router
