-- A line protocol: "2 + 3" is answered "5". Errors are answered, never fatal.
local frame = require "perilune.frame"
local tcp = require "perilune.tcp"

local operations = {
    ["+"] = function(a, b) return a + b end,
    ["-"] = function(a, b) return a - b end,
    ["*"] = function(a, b) return a * b end,
    ["/"] = function(a, b) return a / b end,
}

local function answer(line)
    local a, operation, b = line:match("^%s*(%-?[%d.]+)%s*([-+*/])%s*(%-?[%d.]+)%s*$")
    a, b = tonumber(a), tonumber(b)
    if not a or not b then
        return "error: expected something like 2 + 3"
    end
    return ("%.14g"):format(operations[operation](a, b))
end

local server = tcp.start_server(function(stream)
    local lines = frame.lines(stream, { max = 200 })
    for line in lines:each() do
        await(lines:put(answer(line)))
    end
end, { port = tonumber(arg[1] or 7002) })

print("calculator on port " .. server:port())
