--- Notes with login, sessions, uploads and live updates.
--
--     build/perilune run examples/notes/app.lua [port]
--
-- keeps everything below notes-data/ (NOTES_DATA) and needs nothing else. With NOTES_REDIS=redis://127.0.0.1:6379 the
-- sessions are in Redis, so that several machines may share them. In a configuration: `handler notes.app;`.

package.path = "examples/?.lua;" .. package.path

local bus = require "perilune.bus"
local http = require "perilune.http"
local pages = require "notes.pages"
local passwords = require "notes.passwords"
local store = require "notes.store"

local mw = http.middleware

local FORM = { max_size = 64 * 1048576, max_memory = 65536, max_fields = 10 }
local IDLE = 30 * 86400
local ASSETS = { ["style.css"] = "text/css", ["notes.js"] = "text/javascript", ["icon.svg"] = "image/svg+xml" }
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."

local function sessions()
    local url = os.getenv("NOTES_REDIS")
    if url then
        return mw.session { redis = require("perilune.redis").client { url = url }, persistent = true, idle = IDLE,
            absolute = 3 * IDLE }
    end
    return mw.session { keys = store.secret(), persistent = true, idle = IDLE, absolute = 3 * IDLE }
end

local function go_home(flash)
    return { status = 303, headers = { Location = "/" }, flash = flash }
end

--- Only our own pages may send forms: browsers say where a request comes from.
local function same_origin(handler)
    return function(req)
        local from, origin = req.headers["sec-fetch-site"], req.headers.origin
        if req.method == "POST" and (from and from ~= "same-origin" and from ~= "none"
            or not from and origin and origin:match("^https?://(.*)$") ~= req.headers.host) then
            return { status = 403, body = "this form came from another site\n" }
        end
        return handler(req)
    end
end

--- Puts the name of who is logged in into `req.user`; others go to the page where they can log in.
local function logged_in(handler)
    return function(req)
        local session = await(req:session())
        local user = session.data.user
        if not user then
            return req.method == "GET" and go_home() or { status = 401, body = "please log in\n" }
        end
        rawset(req, "user", user)
        return handler(req)
    end
end

local function tell(user)
    await(bus.publish("notes." .. user, "changed", { scope = "all" }))
end

local function begin(req, user, flash)
    local session = await(req:session())
    session:renew()
    session.data.user = user
    return go_home(flash)
end

local app = {}

function app.home(req)
    local session = await(req:session())
    local user, flash = session.data.user, await(req:flash())
    if not user then
        return pages.login(flash)
    end
    return pages.notes(user, store.notes(user), flash)
end

function app.register(req)
    local form = await(req:form())
    if not store.is_name(form.name) then
        return go_home("A name has 2 to 32 small letters and digits.")
    elseif type(form.password) ~= "string" or #form.password < 8 or #form.password > 200 then
        return go_home("A password has at least 8 characters.")
    elseif store.user(form.name) or not store.add_user(form.name, passwords.keep(form.password)) then
        return go_home("That name is taken.")
    end
    return begin(req, form.name, ("Welcome, %s."):format(form.name))
end

function app.login(req)
    local form = await(req:form())
    local user = store.user(form.name)
    local is_right = passwords.is(tostring(form.password), user and user.password)
    if not (user and is_right) then
        return go_home("Name or password is wrong.")
    end
    return begin(req, user.name)
end

function app.logout(req)
    local session = await(req:session())
    session:destroy()
    return { status = 303, headers = { Location = "/" } }
end

--- The text of a field, in one form: a browser sends CRLF, a missing field is empty.
local function text(value, most)
    return (type(value) == "string" and value or ""):gsub("\r\n", "\n"):sub(1, most)
end

function app.add(req)
    local form = await(http.form(req, FORM))
    local note = { title = text(form.title, 200), text = text(form.text, 20000), changed = os.time() }
    local file = type(form.file) == "table" and form.file.filename ~= "" and form.file or nil
    if note.title == "" and note.text == "" and not file then
        return go_home("A note needs a title, a text or a file.")
    end
    store.save(req.user, note, file)
    tell(req.user)
    return go_home()
end

local function note_of(req)
    return store.note(req.user, req.params.id)
        or error(require("perilune.failure").refusal(404, "not_found", "there is no such note"), 0)
end

function app.change(req)
    local note, form = note_of(req), await(req:form())
    note.title, note.text, note.changed = text(form.title, 200), text(form.text, 20000), os.time()
    store.save(req.user, note)
    tell(req.user)
    return go_home()
end

function app.delete(req)
    store.delete(req.user, note_of(req).id)
    tell(req.user)
    return go_home()
end

--- Files come from visitors: no browser is to run one as a page of ours.
function app.file(req)
    local note = note_of(req)
    if not note.file then
        return { status = 404, body = "this note has no file\n" }
    end
    local is_image = note.file.type:find("^image/") and note.file.type ~= "image/svg+xml"
    local name = note.file.name:gsub('[%c"\\/]', "_")
    return { headers = { ["Content-Type"] = is_image and note.file.type or "application/octet-stream",
        ["Content-Disposition"] = ('%s; filename="%s"'):format(is_image and "inline" or "attachment", name),
        ["Cache-Control"] = "private, max-age=86400" }, body = http.file(store.file_path(req.user, note.id)) }
end

function app.list(req)
    return { headers = { ["Content-Type"] = "text/html; charset=utf-8", ["Cache-Control"] = "no-store" },
        body = pages.list(store.notes(req.user)) }
end

--- An event for each change, in whichever worker it was made; the page then loads the list.
function app.live(req)
    local sink = http.sse(req, { retry = 1, heartbeat = 15 })
    local changes = bus.subscribe("notes." .. req.user)
    sink:on_close(function()
        changes:close()
    end)
    require("perilune.task").spawn(function()
        await(sink:send { event = "hello", data = "" })
        for what in changes:each() do
            await(sink:send { event = what, data = "" })
        end
    end)
    return sink:response()
end

function app.asset(req)
    local kind = ASSETS[req.params.name]
    if not kind then
        return { status = 404, body = "not found\n" }
    end
    return { headers = { ["Content-Type"] = kind .. "; charset=utf-8", ["Cache-Control"] = "max-age=60" },
        body = http.file(HERE .. "/assets/" .. req.params.name) }
end

local POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    .. "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

local routes = http.router { middleware = { mw.error_pages {}, mw.security_headers { content_security_policy = POLICY },
    same_origin, sessions(), mw.flash() } }

routes:get("/", app.home)
routes:get("/assets/:name", app.asset)
routes:post("/register", app.register)
routes:post("/login", app.login)
routes:post("/logout", app.logout)
routes:get("/live", app.live, { middleware = { logged_in } })
routes:group("/notes", { middleware = { logged_in } }, function(notes)
    notes:get("/list", app.list)
    notes:post("/", app.add)
    notes:post("/:id", app.change)
    notes:post("/:id/delete", app.delete)
    notes:get("/:id/file", app.file)
end)

if arg and arg[0] and arg[0]:find("notes/app.lua$") then
    local server = http.start_server(routes.handler, { address = "127.0.0.1", port = tonumber(arg[1]) or 8080,
        client_max_body_size = FORM.max_size, client_body_temp_path = os.getenv("TMPDIR") or "/tmp" })
    print(("notes on port %d: http://localhost:%d/"):format(server:port(), server:port()))
    io.stdout:flush()
end

return routes
