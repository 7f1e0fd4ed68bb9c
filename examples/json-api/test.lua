--- The API without a server: `perilune run examples/json-api/test.lua` prints `ok`, or says what is wrong.

package.path = "examples/?.lua;" .. package.path

local test = require "perilune.test"
local client = test.client(require "json-api.app", { headers = { Accept = "application/json" } })

local function ask(method, path, json)
    return await(client[method](client, path, { json = json }))
end

local made = ask("post", "/api/tasks", { title = "fly" })
assert(made.status == 201 and made.headers.location == "/api/tasks/1")
assert(ask("get", "/api/tasks/1"):json().title == "fly")
assert(#ask("get", "/api/tasks"):json() == 1)
assert(ask("delete", "/api/tasks/1").status == 204)
assert(ask("get", "/api/tasks/1").status == 404)
assert(ask("get", "/api/tasks").body == "[]")

local refused = ask("post", "/api/tasks", { title = "" })
assert(refused.status == 422 and refused:json().detail == "a task needs a title")
assert(await(client:post("/api/tasks", { body = "{" })).status == 400)
assert(await(client:put("/api/tasks")).headers.allow == "GET, HEAD, OPTIONS, POST")
print("ok")
