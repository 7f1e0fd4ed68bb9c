--- The handlers of the benchmark, by the native API.

local document = require "document"
local http = require "perilune.http"
local json = require "perilune.json"
local task = require "perilune.task"

local native = {}

local backend
local whole = { as = "string" }

function native.hello()
    return { status = 200, headers = { ["Content-Type"] = "text/plain" }, body = "hello" }
end

function native.json(req)
    local h = req.headers
    local doc = document.build(req.query, req.cookies.session, h["User-Agent"], h["Accept-Language"], h["X-Trace"])
    return { status = 200, headers = { ["Content-Type"] = "application/json" }, body = json.encode(doc) }
end

function native.echo(req)
    return { status = 200, headers = { ["Content-Type"] = "application/octet-stream" }, body = await(req:text()) }
end

--- Takes the body piece by piece as it arrives and answers with its length.
function native.upload(req)
    local n = 0
    for piece in req.body:each() do
        n = n + #piece
    end
    return { status = 200, headers = { ["Content-Type"] = "text/plain" }, body = tostring(n) }
end

--- The same of the parts of a form: what is received are the bytes of its file.
function native.multipart(req)
    local n = 0
    for part in http.multipart(req):each() do
        for piece in part.body:each() do
            n = n + #piece
        end
    end
    return { status = 200, headers = { ["Content-Type"] = "text/plain" }, body = tostring(n) }
end

--- Asks another server, on a port of 127.0.0.1, with the client.
-- @treturn string the body
function native.ask(port)
    backend = backend or "http://127.0.0.1:" .. port .. "/"
    return await(http.get(backend, whole)).body
end

function native.sleep()
    await(task.sleep(0.1))
    return { status = 200, headers = { ["Content-Type"] = "text/plain" }, body = "awake" }
end

--- Chunks, or datagrams, go back as they come.
function native.stream_echo(stream)
    for chunk in stream:each() do
        await(stream:put(chunk))
    end
end

return native
