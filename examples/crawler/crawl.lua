--- A polite crawler: follows the links of a site, a given number of pages a second, a few at a time.
--
--     perilune run examples/crawler/crawl.lua [DIRECTORY [PAGES_PER_SECOND [AT_ONCE]]]
--
-- The site is a directory of HTML files; another `fetch` that returns a deferred of the text (an HTTP client) makes it
-- crawl a server. Found links go back to the front of the pipeline; it ends when nothing is left to do.

local stream = require "perilune.stream"
local task = require "perilune.task"

local root = arg and arg[1] or "examples/static-site/site"
local rate, at_once = tonumber(arg and arg[2]) or 50, tonumber(arg and arg[3]) or 2

--- A deferred of the text of a page, nil when there is none.
local function fetch(path)
    return task.spawn(function()
        local file = io.open(root .. path)
        local text = file and file:read("*a")
        if file then
            file:close()
        end
        return text
    end)
end

--- Paths that a page links to, other sites left out.
local function links_of(text)
    local links = {}
    for href in text:gmatch('href="([^"#?]+)') do
        if not href:find("^%a+:") and href:find("%.html$") then
            links[#links + 1] = href:sub(1, 1) == "/" and href or "/" .. href
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
    local text = await(fetch(path))
    pages[#pages + 1] = path .. (text and "" or " is missing")
    for _, link in ipairs(text and links_of(text) or {}) do
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
