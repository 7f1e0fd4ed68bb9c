--- The response: adding header fields.

local fields = require "ngx.api.fields"

return { version = "0.1", add_header = fields.resp.add_header }
