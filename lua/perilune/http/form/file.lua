--- Files of a form: in memory while they are small, in a temporary file of the exchange when they are not.
--
-- Writes go to the page cache and block no longer than the kernel lets them.

local failure = require "perilune.failure"

local file = {}

local PART = 65536

local File = {}
local file_mt = { __index = File, __name = "form.file" }

local function check(ok, why)
    return ok or error(failure.new("io", "a file of a form could not be stored: " .. tostring(why)), 0)
end

--- The whole content; of a file that is not in memory it is read now.
-- @treturn string
function File:read()
    if self.body then
        return self.body
    end
    local handle = check(io.open(self.path, "rb"))
    local text = handle:read("*a")
    handle:close()
    return text
end

--- As the body of a response, or of a request.
-- @treturn string|table
function File:as_body()
    return self.body or require("perilune.http").file(self.path)
end

local function write(text, to)
    assert(to:write(text))
end

--- From one file system to another, a part at a time.
local function copy(path, to)
    local from = assert(io.open(path, "rb"))
    local ok, why
    repeat
        local part = from:read(PART)
        ok, why = to:write(part or "")
    until not part or not ok
    from:close()
    assert(ok, why)
end

--- Keeps it as the file `path`, which must not be what the client has named.
-- @tparam string path
function File:save(path)
    if self.path and os.rename(self.path, path) then
        self.path = path
        return
    end
    local to = check(io.open(path, "wb"))
    local ok, why = pcall(self.path and copy or write, self.path or self.body, to)
    local closed, late = to:close()
    check(ok and closed, not ok and why or late)
end

local Sink = {}
local sink_mt = { __index = Sink }

--- Where a file of a form goes, piece by piece.
-- @tparam table req whose temporary file it becomes
-- @tparam number room bytes that may stay in memory
function file.sink(req, room)
    return setmetatable({ req = req, room = room, size = 0, pieces = {} }, sink_mt)
end

function Sink:write(piece)
    self.size = self.size + #piece
    if not self.handle and self.size > self.room then
        self.path = self.req:temp_file()
        self.handle = check(io.open(self.path, "wb"))
        check(self.handle:write(table.concat(self.pieces)))
        self.pieces = nil
    end
    if self.handle then
        check(self.handle:write(piece))
    else
        self.pieces[#self.pieces + 1] = piece
    end
end

--- Gives up.
function Sink:drop()
    if self.handle then
        self.handle:close()
    end
end

--- The file that came as `part`.
-- @treturn table
function Sink:close(part)
    if self.handle then
        check(self.handle:close())
    end
    return setmetatable({ filename = part.filename, content_type = part.content_type, charset = part.charset,
        headers = part.headers, size = self.size, path = self.path, body = self.pieces and table.concat(self.pieces) },
        file_mt)
end

return file
