--- The response: adding header fields, a status with a phrase of its own, conditions that are not weighed.

local fields = require "ngx.api.fields"
local native = require "ngx.api.native"

local C = native.C

local resp = { version = "0.1", add_header = fields.resp.add_header }

--- Sets the status and what stands behind it in the status line of HTTP/1.
-- @tparam number status
-- @tparam string reason
function resp.set_status(status, reason)
    if C.ffi_ngx_set_status_reason(tonumber(status), reason, #reason) ~= native.OK then
        native.no_request(2)
    end
end

--- `If-Match` and its kind do not turn this answer into 304 or 412.
function resp.bypass_if_checks()
    if C.ffi_ngx_bypass_conditions() ~= native.OK then
        native.no_request(2)
    end
end

return resp
