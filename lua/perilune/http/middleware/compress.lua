--- Compression of answers with gzip, brotli or zstd, as the client likes best (RFC 9110 section 12.5.3): the engine of
-- the directives of these names, for the answers of one handler.
--
-- The server compresses as it sends, so every form of body is served: a stream is flushed at the end of each turn,
-- and files are read a part at a time. Never compressed: answers without a body, to HEAD, with status 206, with a
-- Content-Encoding (so nothing is compressed twice), with `Cache-Control: no-transform`, to HTTP/1.0. Vary is set, and
-- a strong ETag becomes a weak one. In `test.request` nothing is compressed: no bytes go anywhere.
--
-- Options: `gzip`, `brotli`, `zstd` (boolean, true; or a level: 1 to 9, 0 to 11, 1 to 19; by default 1, 4, 3), `types`
-- (array of media types beside text/html, `"*"` is any; the usual texts), `min_length` (bytes; 1024: answers that are
-- known to be shorter are left as they are).

local core = require "perilune.core.http"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"

local TEXTS = {
    "application/javascript", "application/json", "application/manifest+json", "application/problem+json",
    "application/xml", "image/svg+xml", "text/css", "text/csv", "text/event-stream", "text/javascript",
    "text/markdown", "text/plain", "text/xml",
}
local LEVELS = { gzip = 1, brotli = 4, zstd = 3 }

local function settings(o)
    local given = { types = o.types or TEXTS, min_length = o.min_length or 1024 }
    for name, level in pairs(LEVELS) do
        if o[name] ~= false then
            given[name] = type(o[name]) == "number" and o[name] or level
        end
    end
    local ok, made = pcall(core.compressor, given)
    return ok and made or error("middleware.compress: " .. tostring(made), 0)
end

return define("compress", { gzip = { "boolean", "count" }, brotli = { "boolean", "count" },
    zstd = { "boolean", "count" }, types = { each = kinds.media_type }, min_length = "bytes" }, function(o)
    local compressor = settings(o)
    return function(handler)
        return function(req)
            core.compress(req, compressor)
            return handler(req)
        end
    end
end)
