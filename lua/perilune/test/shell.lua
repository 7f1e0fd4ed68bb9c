--- Runs a shell command with a time limit, for the `exec` section.
-- @module perilune.test.shell

local posix = require "perilune.test.posix"

local M = {}

local function await(pid, seconds)
    local how, code = posix.wait_until(pid, seconds)
    if not how then
        posix.kill_group(pid, posix.SIGKILL)
        posix.wait(pid, true)
        return ("killed after %g s"):format(seconds)
    end
    return how == "exit" and tostring(code) or (how .. " " .. tostring(code))
end

--- Runs `command` by /bin/sh.
-- @tparam string command
-- @tparam string directory where its output is kept
-- @tparam number seconds when it is killed
-- @treturn string standard output
-- @treturn string exit code, or what ended it
-- @treturn string standard error
function M.run(command, directory, seconds)
    local out, err = directory .. "/exec.out", directory .. "/exec.err"
    posix.touch(out)
    posix.touch(err)
    local pid = posix.spawn({ "/bin/sh", "-c", command }, out, err)
    local code = await(pid, seconds)
    return posix.read_file(out) or "", code, posix.read_file(err) or ""
end

return M
