--- A JSON API over a list in memory:
--
--     GET    /api/tasks        all
--     POST   /api/tasks        {"title": "…"} → 201
--     GET    /api/tasks/1      one
--     DELETE /api/tasks/1      → 204

local json = require "perilune.json"

local tasks, next_id = {}, 1

local function answer(status, value, headers)
    headers = headers or {}
    headers["Content-Type"] = "application/json"
    return { status = status, headers = headers, body = json.encode(value) .. "\n" }
end

local function problem(status, title)
    return {
        status = status,
        headers = { ["Content-Type"] = "application/problem+json" },
        body = json.encode { title = title, status = status } .. "\n",
    }
end

local function list()
    local all = {}
    for id = 1, next_id - 1 do
        all[#all + 1] = tasks[id]
    end
    return answer(200, #all > 0 and all or json.empty_array)
end

local function create(req)
    local ok, input = req:json():try_await()
    if not ok then
        if input.code == "invalid" then
            return problem(400, input.message)
        end
        error(input, 0)
    end
    if type(input) ~= "table" or type(input.title) ~= "string" or input.title == "" then
        return problem(422, "a task needs a title")
    end
    local id = next_id
    next_id = next_id + 1
    tasks[id] = { id = id, title = input.title }
    return answer(201, tasks[id], { Location = "/api/tasks/" .. id })
end

local collection = { GET = list, HEAD = list, POST = create }

local one = {
    GET = function(id)
        return answer(200, tasks[id])
    end,
    DELETE = function(id)
        tasks[id] = nil
        return nil
    end,
}
one.HEAD = one.GET

return function(req)
    if req.path == "/api/tasks" then
        local act = collection[req.method]
        return act and act(req) or problem(405, "use GET or POST")
    end
    local id = tonumber(req.path:match("^/api/tasks/(%d+)$"))
    if not id or not tasks[id] then
        return problem(404, "no such task")
    end
    local act = one[req.method]
    if not act then
        return problem(405, "use GET or DELETE")
    end
    return act(id)
end
