--- Files of a directory, for servers made in code; what there is no file for goes on to the handler. (A configured
-- server has `root`, which is faster and can do more.)
--
-- GET and HEAD only. Answers have ETag, Last-Modified and a Content-Type by the extension, and heed conditions and a
-- Range of one part. A directory is answered with its index, after a redirect to the path with a slash at its end. No
-- file outside of the root is given, whatever links lead there, and none below a name that begins with a dot.
--
-- Options: `root` (directory; required), `prefix` ("/": what paths begin with, and is not part of the name), `index`
-- ("index.html"; false: none), `max_age` (seconds in Cache-Control; none), `dotfiles` (boolean, false), `types`
-- (extension → type, beside those that are known).

local answer = require "perilune.http.answer"
local conditions = require "perilune.http.conditions"
local core = require "perilune.core.http"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"
local options = require "perilune.options"

local TYPES = { html = "text/html; charset=utf-8", htm = "text/html; charset=utf-8", css = "text/css; charset=utf-8",
    js = "text/javascript; charset=utf-8", mjs = "text/javascript; charset=utf-8", json = "application/json",
    txt = "text/plain; charset=utf-8", md = "text/markdown; charset=utf-8", xml = "text/xml", csv = "text/csv",
    svg = "image/svg+xml", png = "image/png", jpg = "image/jpeg", jpeg = "image/jpeg", gif = "image/gif",
    webp = "image/webp", avif = "image/avif", ico = "image/x-icon", woff = "font/woff", woff2 = "font/woff2",
    ttf = "font/ttf", pdf = "application/pdf", zip = "application/zip", gz = "application/gzip",
    wasm = "application/wasm", mp4 = "video/mp4", webm = "video/webm", mp3 = "audio/mpeg", ogg = "audio/ogg",
    webmanifest = "application/manifest+json" }

--- The name below the root, nil when it is none that may be asked for.
local function name_of(path, o)
    if path:sub(1, #o.prefix) ~= o.prefix then
        return nil
    end
    local name = "/" .. path:sub(#o.prefix + 1)
    for segment in name:gmatch("/([^/]*)") do
        if segment == ".." or segment:find("%z") or not o.dotfiles and segment:find("^%.") then
            return nil
        end
    end
    return name
end

--- One part of `size` bytes: offset and length; nil: the whole; false: there is no such part.
local function part_of(range, size)
    local first, last = range:match("^bytes=(%d*)%-(%d*)$")
    if not first or first == "" and last == "" then
        return nil
    elseif first == "" then
        local n = math.min(tonumber(last), size)
        return n > 0 and size - n or false, n
    end
    first, last = tonumber(first), math.min(tonumber(last) or size - 1, size - 1)
    if first >= size then
        return false
    elseif last < first then
        return nil
    end
    return first, last - first + 1
end

local function fields_of(path, size, modified, o)
    return { ETag = ('"%x-%x"'):format(modified, size),
        ["Last-Modified"] = os.date("!%a, %d %b %Y %H:%M:%S GMT", modified), ["Accept-Ranges"] = "bytes",
        ["Content-Type"] = o.types[(path:match("%.([^./]+)$") or ""):lower()] or "application/octet-stream",
        ["Cache-Control"] = o.max_age and ("max-age=%d"):format(o.max_age) or nil }
end

local function send(req, path, size, modified, o)
    local fields = fields_of(path, size, modified, o)
    local status = conditions.check(req, fields.ETag, modified)
    if status then
        return answer.by_condition(req, answer.of { headers = fields, content_length = size }, status)
    end
    local range = req.headers["range"]
    local offset, length
    if range and conditions.allows_part(req, fields.ETag, modified) then
        offset, length = part_of(range, size)
    end
    if offset == false then
        return { status = 416, headers = { ["Content-Range"] = ("bytes */%d"):format(size) } }
    elseif offset then
        fields["Content-Range"] = ("bytes %d-%d/%d"):format(offset, offset + length - 1, size)
    end
    local body = require("perilune.http").file(path, offset or 0, length or size)
    body.root = o.root
    return { status = offset and 206 or 200, headers = fields, body = body }
end

--- The answer for a name, nil when there is none.
local function find(req, name, o)
    local path = o.root .. name
    local is_index = name:sub(-1) == "/"
    if is_index and o.index == false then
        return nil
    end
    path = is_index and path .. o.index or path
    local size, modified = core.file_facts(path, o.root)
    if size then
        return send(req, path, size, modified, o)
    elseif not is_index and o.index and core.file_facts(path .. "/" .. o.index, o.root) then
        local query = req.query_string
        return { status = 301, headers = { Location = req.uri .. "/" .. (query and "?" .. query or "") } }
    end
    return nil
end

--- Raises for what no file would ever be found by.
local function check(o)
    if not o.root then
        error("middleware.static: option 'root' is needed", 0)
    elseif o.prefix and o.prefix:sub(1, 1) ~= "/" then
        error(("middleware.static: option 'prefix' must begin with '/', not '%s'"):format(o.prefix), 0)
    end
    for extension, kind in pairs(o.types or {}) do
        if type(extension) ~= "string" or not kinds.field_value.is(kind) then
            error(("middleware.static: option 'types': what '%s' is must be a media type"):format(extension), 0)
        end
    end
    local directory, why = io.open(o.root .. "/.")
    if not directory then
        error(("middleware.static: option 'root': %s"):format(why), 0)
    end
    directory:close()
end

return define("static", { root = "string", prefix = "string", index = { "string", "false" }, max_age = "seconds",
    dotfiles = "boolean", types = "table" }, function(given)
    check(given)
    local o = options.together({ prefix = "/", index = "index.html" }, given, {
        types = options.together(TYPES, given.types), root = (given.root:gsub("(.)/+$", "%1")) })
    if o.prefix:sub(-1) ~= "/" then
        o.prefix = o.prefix .. "/"
    end
    return function(handler)
        return function(req)
            local is_read = req.method == "GET" or req.method == "HEAD"
            local name = is_read and name_of(req.path, o)
            local res = name and find(req, name, o)
            if res then
                return answer.of(res)
            end
            return handler(req)
        end
    end
end)
