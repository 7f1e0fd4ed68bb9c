--- DNS: names to addresses and to records, without blocking.
--
-- Answers are kept for as long as they say, identical questions in flight are asked once, and `/etc/hosts`,
-- `localhost` and IP addresses need no question. A resolver is made once and passed to whatever connects.

local argument = require "perilune.argument"
local core = require "perilune.core.dns"
local deferred = require "perilune.deferred"
local failure = require "perilune.failure"
local options = require "perilune.options"

local dns = {}
local Resolver = {}
local mt = { __index = Resolver, __name = "dns.resolver" }

local families = { ipv4_only = true, ipv4_preferred = true, ipv6_only = true, ipv6_preferred = true }
local known = {
    name_servers = { "string", "table" }, search = { "string", "table" }, ndots = "count", timeout = "seconds",
    tries = "count", total_timeout = "seconds", rotate = "boolean", min_ttl = "seconds", max_ttl = "seconds",
    negative_ttl = "seconds", cache_size = "bytes", hosts = { "string", "boolean" }, resolv_conf = "string",
    ipv6 = "boolean",
}
local known_lookup = { family = "string", resolver = "table" }
local known_resolve = { resolver = "table" }

--- An array as one text, or the text itself.
local function joined(opts, name, separator)
    local value = opts[name]
    if type(value) ~= "table" then
        return value
    end
    for _, one in ipairs(value) do
        if type(one) ~= "string" then
            error(("dns.resolver: option '%s' must be an array of strings"):format(name), 3)
        end
    end
    return table.concat(value, separator)
end

--- Raises unless each of the servers is "ip[:port]".
local function check_servers(list)
    for server in (list or ""):gmatch("[^,]+") do
        local host, port = server:match("^%[(.*)%]:?(%d*)$")
        if not host then
            host, port = server:match("^([^:]*):?(%d*)$")
        end
        if not core.is_address(host or server) or (tonumber(port) or 53) > 65535 or tonumber(port) == 0 then
            error(failure.new("invalid", ("'%s' is no name server (ip[:port])"):format(server)), 0)
        end
    end
    return list
end

--- A resolver of its own: name servers, search list, cache.
-- Options: `name_servers` ("ip[:port]" or an array of them; those of resolv.conf), `search` (domains; those of
-- resolv.conf), `ndots`, `timeout` (2 s; what one server has in the first round, doubled each round), `tries` (3
-- rounds), `total_timeout` (30 s for a lookup), `rotate` (false), `min_ttl` (0), `max_ttl` (86400), `negative_ttl`
-- (60 at most), `cache_size` (1 MiB), `hosts` (path, false: none), `resolv_conf` (path), `ipv6` (true).
-- @tparam[opt] table opts
-- @treturn resolver; raises an error object with code `invalid` when name servers cannot be read
function dns.resolver(opts)
    opts = options.check(opts, known, "dns.resolver", 2)
    local all = options.together(opts)
    all.servers, all.search = check_servers(joined(opts, "name_servers", ",")), joined(opts, "search", " ")
    if (opts.min_ttl or 0) > (opts.max_ttl or 86400) then
        error("dns.resolver: option 'min_ttl' must not be above 'max_ttl'", 2)
    end
    all.hosts = opts.hosts == false and "" or opts.hosts or nil
    all.no_ipv6 = opts.ipv6 == false
    local resolver, err = core.resolver(all)
    if not resolver then
        error(err, 0)
    end
    return setmetatable({ core = resolver }, mt)
end

--- The core of a resolver, for modules that connect; nil: the default one.
-- @tparam resolver|nil resolver
function dns._core(resolver)
    if resolver ~= nil and getmetatable(resolver) ~= mt then
        error("bad argument 'resolver' (a resolver of perilune.dns expected)", 3)
    end
    return resolver and resolver.core
end

--- A deferred of what `start(fn)` reports; `what` is put before its errors.
local function request(what, start)
    local handle, err
    local d = deferred.deferred(function()
        if handle then
            core.cancel(handle)
        end
    end)
    handle, err = start(function(value, problem)
        handle = nil
        if value then
            d:success(value)
        else
            d:error(failure.new(problem.code, what .. ": " .. problem.message))
        end
    end)
    if not handle and err then
        d:error(err)
    end
    return d
end

--- Raises in the function that called the caller unless `name` is a string.
local function check_name(name, where)
    if type(name) ~= "string" then
        argument.bad("name", where, "string expected, got " .. type(name), 3)
    end
end

local function check_type(kind, where)
    if type(kind) ~= "string" then
        argument.bad("type", where, "a type such as \"A\" expected, got " .. type(kind), 3)
    elseif not core.has_type(kind) then
        argument.bad("type", where, ("no type '%s' is known"):format(kind), 3)
    end
end

local function check_ip(address, where)
    if type(address) ~= "string" or not core.reverse_name(address) then
        local got = type(address) ~= "string" and ", got " .. type(address) or ""
        argument.bad("address", where, "an IP address expected" .. got, 3)
    end
end

--- Raises when the policy is none.
-- @tparam string|nil family
-- @tparam string where what the text begins with
-- @tparam number level as of `error`
function dns._check_family(family, where, level)
    if family ~= nil and not families[family] then
        error(where .. ": option 'family' must be one of ipv4_only, ipv4_preferred, ipv6_only, ipv6_preferred",
            level + 1)
    end
end

--- Raises unless the option of that name is an IP address, or is not given.
-- @tparam table opts
-- @tparam string name
-- @tparam string where what the text begins with
-- @tparam number level as of `error`
function dns._check_address(opts, name, where, level)
    if opts[name] and not core.is_address(opts[name]) then
        error(("%s: option '%s' must be an IP address, not '%s'"):format(where, name, opts[name]), level + 1)
    end
end

local function lookup(resolver, name, family)
    return request(name, function(fn)
        return core.lookup(resolver, name, family, fn)
    end)
end

local function resolve(resolver, name, kind)
    return request(name .. " " .. kind, function(fn)
        return core.resolve(resolver, name, kind, fn)
    end)
end

local function reverse(resolver, address)
    local host = core.hosts_name(resolver, address)
    if host then
        return deferred.success_deferred({ host })
    end
    return resolve(resolver, core.reverse_name(address), "PTR"):chain(function(records)
        local names = {}
        for _, r in ipairs(records) do
            if r.type == "PTR" and r.section == "answer" then
                names[#names + 1] = r.target
            end
        end
        return names
    end)
end

--- The addresses of a host name, in order of preference.
-- Option `family`: "ipv6_preferred" (the default), "ipv4_preferred", "ipv6_only", "ipv4_only".
-- @tparam string name
-- @tparam[opt] table opts
-- @treturn deferred of an array of texts; fails with `name_not_found`, `name_server`, `timeout` or `invalid`
function Resolver:lookup(name, opts)
    check_name(name, "resolver:lookup")
    opts = options.check(opts, known_lookup, "resolver:lookup", 2)
    dns._check_family(opts.family, "resolver:lookup", 2)
    return lookup(self.core, name, opts.family)
end

--- The records of a type: A AAAA CNAME MX NS TXT SRV PTR SOA CAA NAPTR.
-- @tparam string name a whole name: search domains are not tried
-- @tparam string kind
-- @treturn deferred of an array of records, as they came: `{name=, type=, ttl=, section=}` and the fields of the type
function Resolver:resolve(name, kind)
    check_name(name, "resolver:resolve")
    check_type(kind, "resolver:resolve")
    return resolve(self.core, name, kind)
end

--- The names of an address.
-- @tparam string address
-- @treturn deferred of an array of names
function Resolver:reverse(address)
    check_ip(address, "resolver:reverse")
    return reverse(self.core, address)
end

--- Counters: `questions`, `hits`, `merged`, `sent`, `failed`, `evicted`; `entries` and `bytes` of the cache now.
-- @treturn table
function Resolver:stats()
    return core.stats(self.core)
end

--- Forgets the answers kept.
function Resolver:flush()
    core.flush(self.core)
end

--- As `resolver:lookup`; option `resolver`.
function dns.lookup(name, opts)
    check_name(name, "dns.lookup")
    opts = options.check(opts, known_lookup, "dns.lookup", 2)
    dns._check_family(opts.family, "dns.lookup", 2)
    return lookup(dns._core(opts.resolver), name, opts.family)
end

--- As `resolver:resolve`; option `resolver`.
function dns.resolve(name, kind, opts)
    check_name(name, "dns.resolve")
    check_type(kind, "dns.resolve")
    return resolve(dns._core(options.check(opts, known_resolve, "dns.resolve", 2).resolver), name, kind)
end

--- As `resolver:reverse`; option `resolver`.
function dns.reverse(address, opts)
    check_ip(address, "dns.reverse")
    return reverse(dns._core(options.check(opts, known_resolve, "dns.reverse", 2).resolver), address)
end

--- Counters of the default resolver.
function dns.stats()
    return core.stats(nil)
end

--- Forgets the answers that the default resolver keeps.
function dns.flush()
    core.flush(nil)
end

--- A host name in ASCII: IDNA 2008. Nil when no host name can look like this.
-- @tparam string name UTF-8
-- @treturn string|nil
dns.to_ascii = core.to_ascii

return dns
