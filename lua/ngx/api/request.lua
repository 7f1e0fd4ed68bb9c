--- ngx.req: the rest of it, beside fields and arguments.

local ffi = require "ffi"
local core = require "perilune.core.ngx"
local context = require "ngx.api.context"
local native = require "ngx.api.native"

local C, to_string = native.C, ffi.string
local text = ffi.new("struct ffi_str")

local METHOD_NAME = 0
local IS_INTERNAL, HTTP_VERSION, START_TIME = 2, 3, 4

local req = {
    set_uri = core.set_uri,
    discard_body = core.discard_body,
    get_body_data = core.get_body_data,
    get_body_file = core.get_body_file,
    set_body_data = core.set_body_data,
    set_body_file = core.set_body_file,
    init_body = core.init_body,
    append_body = core.append_body,
    finish_body = core.finish_body,
}

--- Reads the whole body, waiting for it. When it cannot be read the request ends with 400, 408 or 413.
function req.read_body(...)
    if select("#", ...) > 0 then
        error("expecting 0 arguments but seen " .. select("#", ...), 2)
    end
    context.check(context.answering)
    local done = core.read_body()
    while done == false do
        context.wait()
        done = core.read_body()
    end
    if done == nil then
        context.leave()
    end
end

--- The method's name.
function req.get_method()
    if C.ffi_ngx_text(METHOD_NAME, text) ~= 0 then
        native.no_request(2)
    end
    return to_string(text.p, text.n)
end

--- Sets the method to one of ngx.HTTP_*.
function req.set_method(id)
    if type(id) ~= "number" then
        error("bad method number", 2)
    end
    local rc = C.ffi_ngx_set_method(id)
    if rc == native.NO_REQUEST then
        native.no_request(2)
    elseif rc ~= 0 then
        error("unsupported HTTP method: " .. id, 2)
    end
end

--- 1, 1.1, 2; 0.9 never comes.
function req.http_version()
    return (native.number(HTTP_VERSION))
end

--- When the request began: seconds since 1970.
function req.start_time()
    return (native.number(START_TIME))
end

--- Did the request come here by an internal redirect?
function req.is_internal()
    return native.number(IS_INTERNAL) ~= 0
end

--- The head of the request as text.
function req.raw_header(no_request_line)
    context.check_request(context.request)
    C.ffi_ngx_raw_header(no_request_line and 1 or 0, text)
    return to_string(text.p, text.n)
end

return req
