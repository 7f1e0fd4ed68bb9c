--- The answer of the JSON scenario: about 600 bytes, made of the request's arguments, a cookie and three headers.

local document = {}

--- A table to encode.
-- @tparam table args decoded query arguments
-- @tparam string session value of the cookie
-- @tparam string agent, language, trace values of three headers
-- @treturn table
function document.build(args, session, agent, language, trace)
    local page, size = tonumber(args.page), tonumber(args.size)
    local items = {}
    for i = 1, 5 do
        items[i] = { id = page * size + i, name = "item number " .. i, price = i * 2.5, in_stock = i % 2 == 0 }
    end
    return {
        query = args.q,
        page = page,
        size = size,
        session = session,
        client = { agent = agent, language = language, trace = trace },
        items = items,
        title = "Results for " .. args.q,
        total = 1234,
        links = { next = "/json?page=" .. page + 1, last = "/json?page=42" },
    }
end

return document
