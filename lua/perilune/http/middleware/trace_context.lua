--- Tracing context (W3C Trace Context): which trace a request is part of, for logs and for the requests that are made
-- on its behalf.
--
-- `req.trace` has `id` (32 hex digits), `parent` (16, of the caller; nil for a trace that begins here), `span` (16,
-- ours), `is_sampled`, `state` (text of tracestate, or nil), and `trace:headers()`, the fields `traceparent` and
-- `tracestate` for a request to somebody else. A field that is malformed begins a new trace.
--
-- Options: `trust` (boolean, true: take the trace that the client tells; false for the open internet), `sample`
-- (number from 0 to 1, 1: the share of new traces that are sampled), `respond` (boolean, false: the answer tells
-- `traceresponse`).

local answer = require "perilune.http.answer"
local crypto = require "perilune.crypto"
local define = require "perilune.http.middleware.define"
local kinds = require "perilune.http.kinds"

local Trace = {}
local mt = { __index = Trace, __name = "trace" }

local STATE_MOST, MEMBERS_MOST = 512, 32

--- The parts of traceparent (section 3.2): version ff is forbidden, later versions may say more behind the flags.
local function read_parent(text)
    local version, id, parent, flags, more = (text or ""):match("^(%x%x)%-(%x+)%-(%x+)%-(%x%x)(.*)$")
    if not version or text:find("%u") or version == "ff" or #id ~= 32 or #parent ~= 16
        or (version == "00" and more ~= "") or (more ~= "" and more:sub(1, 1) ~= "-")
        or id:find("^0+$") or parent:find("^0+$") then
        return nil
    end
    return id, parent, tonumber(flags, 16) % 2 == 1
end

--- tracestate (section 3.3): members of a key and a value; nil when one of them is malformed.
local function read_state(text)
    local n = 0
    if not text or #text > STATE_MOST then
        return nil
    end
    for member in (text .. ","):gmatch("[ \t]*([^,]-)[ \t]*,") do
        if member ~= "" then
            n = n + 1
            local key, value = member:match("^([%l%d][%l%d_%-*/@]*)=([\32-\43\45-\60\62-\126]*)$")
            if not key or #key > 256 or #value > 256 or n > MEMBERS_MOST then
                return nil
            end
        end
    end
    return n > 0 and text or nil
end

local function hex(n)
    return crypto.hex(crypto.random(n))
end

--- The fields for a request on behalf of this one.
-- @treturn table
function Trace:headers()
    return { traceparent = ("00-%s-%s-%s"):format(self.id, self.span, self.is_sampled and "01" or "00"),
        tracestate = self.state }
end

local function trace_of(req, o)
    local id, parent, is_sampled
    if o.trust ~= false then
        id, parent, is_sampled = read_parent(req.headers["traceparent"])
    end
    if id then
        return setmetatable({ id = id, parent = parent, span = hex(8), is_sampled = is_sampled,
            state = read_state(req.headers["tracestate"]) }, mt)
    end
    return setmetatable({ id = hex(16), span = hex(8), is_sampled = math.random() < (o.sample or 1) }, mt)
end

return define("trace_context", { trust = "boolean", sample = kinds.share, respond = "boolean" }, function(o)
    return function(handler)
        return function(req)
            local trace = trace_of(req, o)
            rawset(req, "trace", trace)
            if not o.respond then
                return handler(req)
            end
            local res = answer.of(handler(req))
            res.headers:set("traceresponse", trace:headers().traceparent)
            return res
        end
    end
end)
