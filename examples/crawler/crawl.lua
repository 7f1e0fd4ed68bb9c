--- A polite crawler: follows the links of a site, a given number of pages a second, a few at a time.
--
--     perilune run examples/crawler/crawl.lua http://localhost:8080/ [PAGES_PER_SECOND [AT_ONCE]]
--
-- Without an address it serves examples/static-site itself and crawls that. Connections are kept and shared by the
-- HTTP client. Found links go back to the front of the pipeline; it ends when nothing is left to do.

local http = require "perilune.http"
local stream = require "perilune.stream"
local task = require "perilune.task"

local rate, at_once = tonumber(arg and arg[2]) or 50, tonumber(arg and arg[3]) or 2

local function serve(directory)
    return http.start_server(function(req)
        return { headers = { ["Content-Type"] = "text/html" }, body = http.file(directory .. req.path) }
    end, { address = "127.0.0.1" })
end

local server = not (arg and arg[1]) and serve "examples/static-site/site"
local site = (server and ("http://127.0.0.1:%d"):format(server:port()) or arg[1]):gsub("/$", "")

--- A deferred of a page's text and of why there is none, if there is none.
local function fetch(path)
    return http.get(site .. path, { throw_exceptions = false, request_timeout = 10 }):chain(function(res)
        if res.status ~= 200 then
            res.body:close()
            return { why = res.status == 404 and "is missing" or "answered " .. res.status }
        end
        return res:text():chain(function(text)
            return { text = text }
        end)
    end)
end

--- Paths that a page links to, seen from its own; other sites and what is no page are left out.
local function links_of(path, text)
    local links = {}
    for href in text:gmatch('href="([^"#?]+)') do
        if not href:find("^%a+:") and href:find("%.html$") then
            links[#links + 1] = href:sub(1, 1) == "/" and href or path:match("^.*/") .. href
        end
    end
    return links
end

local found, permits = stream.stream(math.huge), task.semaphore(at_once)
local seen, open, pages = {}, 0, {}

local function add(path)
    if not seen[path] then
        seen[path], open = true, open + 1
        found:put(path)
    end
end

local function visit(path)
    local page = await(fetch(path))
    pages[#pages + 1] = path .. (page.text and "" or " " .. page.why)
    for _, link in ipairs(page.text and links_of(path, page.text) or {}) do
        add(link)
    end
    open = open - 1
    if open == 0 then
        found:close()
    end
end

add("/index.html")
await(task.scope(function(scope)
    for path in found:throttle(rate):each() do
        scope:spawn(function()
            permits:with(visit, path)
        end)
    end
end))
table.sort(pages)
print(table.concat(pages, "\n"))
if server then
    server:close(0)
end
