--- The application without a server, below a directory that is there: `NOTES_DATA=/tmp/x perilune run
-- examples/notes/test.lua` prints `ok`, or says what is not as it should be. Time is a mock: thirty days pass in none.

package.path = "examples/?.lua;" .. package.path

local test, time = require "perilune.test", require "perilune.time"
require("notes.passwords").rounds = 10
local routes = require "notes.app"

local function login(client, name)
    return await(client:post("/register", { form_params = { name = name, password = "long enough" } }))
end

local function id_of(client)
    return await(client:get("/notes/list")).body:match('id="note%-(%x+)"')
end

local function await_event(live, name)
    repeat
        local text = await(live:take())
    until text:find("event: " .. name, 1, true)
end

time.with_clock(time.mock_clock(os.time()), function(clock)
    local ada, eve = test.client(routes), test.client(routes)
    assert(await(ada:get("/")).body:find('action="/login"', 1, true))
    assert(await(ada:post("/notes")).status == 401)
    assert(login(ada, "ada").status == 303 and login(eve, "eve").status == 303)
    assert(await(ada:get("/")).body:find("Welcome, ada.", 1, true)) -- the cookies came along
    assert(not await(ada:get("/")).body:find("Welcome, ada.", 1, true))

    -- live updates: the answer is a stream
    local live = await(ada:get("/live", { stream = true })).body
    await_event(live, "hello")
    local file = ("0123456789"):rep(1000)
assert(await(ada:post("/notes", { multipart = { { name = "title", content = "<b>" },
        { name = "file", file_name = "a.txt", content = file } } })).status == 303)
    await_event(live, "changed")
    live:close()

    local id = id_of(ada)
    assert(await(ada:get("/notes/" .. id .. "/file")).body == file)
    assert(await(eve:get("/notes/" .. id .. "/file")).status == 404)
    assert(await(ada:post("/logout", { headers = { ["Sec-Fetch-Site"] = "cross-site" } })).status == 403)
    assert(await(ada:post("/notes/" .. id .. "/delete")).status == 303 and not id_of(ada))

    clock:advance(31 * 86400) -- nobody came for a month
    assert(await(ada:get("/notes/list")).status == 303)
end)
print("ok")
