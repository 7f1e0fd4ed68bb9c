--- A JSON API over a list in memory:
--
--     GET    /api/tasks        all
--     POST   /api/tasks        {"title": "…"} → 201
--     GET    /api/tasks/1      one
--     DELETE /api/tasks/1      → 204
--
-- What is wrong is raised as an error with a status; `error_pages` makes a problem document of it, or a page for who
-- asks with a browser.

local failure = require "perilune.failure"
local http = require "perilune.http"
local json = require "perilune.json"

local tasks, next_id = {}, 1

local function refuse(status, message)
    error(failure.refusal(status, "refused", message), 0)
end

local function list()
    local all = {}
    for id = 1, next_id - 1 do
        all[#all + 1] = tasks[id]
    end
    return http.json(#all > 0 and all or json.empty_array)
end

local function create(req)
    local input = await(req:json { max_size = 10000, max_depth = 4 })
    if type(input) ~= "table" or type(input.title) ~= "string" or input.title == "" then
        refuse(422, "a task needs a title")
    end
    local id = next_id
    next_id = next_id + 1
    tasks[id] = { id = id, title = input.title }
    return http.json(tasks[id], 201, { Location = "/api/tasks/" .. id })
end

local function find(req)
    return tasks[tonumber(req.params.id)] or refuse(404, "no such task")
end

local function show(req)
    return http.json(find(req))
end

local function delete(req)
    tasks[find(req).id] = nil
end

local routes = http.router { middleware = { http.middleware.error_pages {} } }

routes:group("/api/tasks", function(group)
    group:get("/", list):post("/", create)
    group:get("/:id", show, { where = { id = "%d+" } }):delete("/:id", delete, { where = { id = "%d+" } })
end)

return routes
