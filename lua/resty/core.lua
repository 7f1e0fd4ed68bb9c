--- What `require "resty.core"` gives: its functions are those of ngx.* already.

return { version = require("resty.core.base").version }
