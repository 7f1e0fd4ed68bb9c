--- Answers each word with how often it was said, by whomever, to whichever worker.
local frame = require "perilune.frame"
local counts = require("perilune.shared").counts

return function(stream)
    local lines = frame.lines(stream, { max = 1000 })
    for word in lines:each() do
        await(lines:put(word .. " " .. counts:incr(word, 1, 0)))
    end
end
