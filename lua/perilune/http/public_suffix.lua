--- The public suffix list (https://publicsuffix.org): domains under which anybody may register a name.

local dns = require "perilune.core.dns"

local public_suffix = {}

--- Where Debian's package publicsuffix has it.
local SYSTEM = "/usr/share/publicsuffix/public_suffix_list.dat"

local lists = {}

local function add(rules, line)
    local rule = line:match("^(%S+)")
    if not rule or rule:sub(1, 2) == "//" then
        return
    end
    local mark, name = rule:match("^([!%*]?)%.?(.*)$")
    if name:find("[\128-\255]") then
        name = dns.to_ascii(name)
    end
    if name then
        rules[mark == "" and name or mark .. name] = true
    end
end

local function read(path)
    local file = io.open(path)
    if not file then
        return nil
    end
    local rules = {}
    for line in file:lines() do
        add(rules, line)
    end
    file:close()
    return rules
end

--- Is a domain a public suffix by the rules, of which the longest prevails and an exception before all? Rules are
-- `name`, `*name` (any label before the name) and `!name`.
-- @tparam table rules a set
-- @tparam string domain in lower case
function public_suffix.matches(rules, domain)
    if rules["!" .. domain] then
        return false
    end
    local parent = domain:match("^[^.]*%.(.+)$")
    return rules[domain] == true or parent ~= nil and rules["*" .. parent] == true
end

--- A function that says whether a domain is a public suffix, by the list in a file, which is read when it is first
-- asked. A file that cannot be read has no suffixes.
-- @tparam[opt] string path that of the system
function public_suffix.of_file(path)
    path = path or SYSTEM
    return function(domain)
        lists[path] = lists[path] or read(path) or {}
        return public_suffix.matches(lists[path], domain)
    end
end

return public_suffix
