-- Downloads to a file and goes on where an earlier run has stopped. The file is written as the bytes come, so its size
-- does not matter to the memory used.
local http = require "perilune.http"

local url, path = ...
local res = await(http.get(url, {
    as = "file",
    save_to = path,
    resume = true,
    read_timeout = 30,
    retry = 3,
    on_progress = function(bytes, total)
        io.stderr:write(total and ("\r%3d %%"):format(bytes / total * 100) or ("\r%d bytes"):format(bytes))
    end,
}))
io.stderr:write("\n")
print(("%s: %d bytes (%s)"):format(path, res.size, res.status == 206 and "resumed" or "whole"))
