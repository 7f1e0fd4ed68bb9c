--- The smallest handler: a function from a request to a response. A string is a 200 text/plain answer.

return function(req)
    local name = req.query.name or "world"
    return "Hello, " .. name .. "!\n"
end
