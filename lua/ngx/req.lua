--- The request: adding header fields.

local fields = require "ngx.api.fields"

return { version = "0.1", add_header = fields.add_to_request }
