--- Decides whether a block is left out: `skip_nginx`, `skip_openssl`, `skip_eval`.
-- @module perilune.test.skip

local perl = require "perilune.test.perl"

local M = {}

local versions = {}

local function number(major, minor, patch)
    return tonumber(major) * 1000000 + tonumber(minor) * 1000 + tonumber(patch)
end

--- What `BINARY -V` says: its text, the server's version and OpenSSL's as numbers (or nil).
function M.versions(binary)
    if versions[binary] then
        return versions[binary]
    end
    local pipe = io.popen("'" .. binary:gsub("'", "'\\''") .. "' -V 2>&1 </dev/null")
    local text = pipe and pipe:read("*a") or ""
    if pipe then
        pipe:close()
    end
    local out = { text = text }
    local a, b, c = text:match("nginx[^/\n]*/(%d+)%.(%d+)%.(%d+)")
    if not a then
        a, b, c = text:match("%w+/(%d+)%.(%d+)%.(%d+)")
    end
    out.server = a and number(a, b, c)
    a, b, c = text:match("built with OpenSSL (%d+)%.(%d+)%.(%d+)")
    out.openssl = a and number(a, b, c)
    versions[binary] = out
    return out
end

local COMPARE = {
    ["<"] = function(a, b) return a < b end,
    ["<="] = function(a, b) return a <= b end,
    [">"] = function(a, b) return a > b end,
    [">="] = function(a, b) return a >= b end,
    ["=="] = function(a, b) return a == b end,
}

local function by_version(value, have, what)
    if value == nil then
        return nil
    end
    local op, a, b, c, note = value:match("^%s*%d+%s*:%s*([<>=]+)%s*(%d+)%.(%d+)%.(%d+)%w*(.*)$")
    if not op or not COMPARE[op] then
        return nil, "unreadable version rule: " .. value
    end
    if have and COMPARE[op](have, number(a, b, c)) then
        local text = note:match("^%s*:%s*(.-)%s*$")
        return text ~= "" and text or ("%s %s %s.%s.%s"):format(what, op, a, b, c)
    end
end

local function by_code(value, context)
    if value == nil then
        return nil
    end
    local code = value:match("^%s*%d+%s*:%s*(.*)$") or value
    local out, err = perl.eval(code, context.vars, {
        system = function(command)
            return os.execute(command)
        end,
    })
    if out == nil then
        return nil, "skip_eval: " .. err
    end
    local yes = out ~= perl.undef and out ~= "" and out ~= 0 and out ~= "0" and out ~= false
    return yes and "skip_eval" or nil
end

--- Reason to leave the block out, or nil; a second value tells of a rule that is unreadable.
function M.reason(sections, binary, context)
    if not (sections.skip_nginx or sections.skip_openssl or sections.skip_eval) then
        return nil
    end
    local have = M.versions(binary)
    local why, err = by_version(sections.skip_nginx, have.server, "nginx version")
    if not why and not err then
        why, err = by_version(sections.skip_openssl, have.openssl, "OpenSSL version")
    end
    if not why and not err then
        why, err = by_code(sections.skip_eval, context)
    end
    return why, err
end

--- The directive that the server did not know, when the user asked to skip such blocks.
function M.missing_directive(text)
    if os.getenv("TEST_NGINX_IGNORE_MISSING_DIRECTIVES") then
        return text:match('%[emerg%] .-unknown directive "([^"]+)"')
    end
end

return M
