--- The few calls of libc that the test runner needs: processes, files, clocks.
--
-- Every function is declared under a name of its own (`pt_...`) that the linker's name
-- stands behind, so that these declarations can never clash with another module's.
-- Calls that touch the world return `nil, message` when it refuses. Times are seconds.
-- Sockets are in `perilune.test.sock`.
-- @module perilune.test.posix

local ffi = require "ffi"
local bit = require "bit"

local C = ffi.C

ffi.cdef [[
struct pt_timespec { long sec; long nsec; };
struct pt_dirent { uint64_t ino; int64_t off; unsigned short reclen; unsigned char type;
                   char name[256]; };
int pt_fork(void) __asm__("fork");
int pt_waitpid(int pid, int *status, int options) __asm__("waitpid");
int pt_kill(int pid, int sig) __asm__("kill");
int pt_getpid(void) __asm__("getpid");
unsigned pt_geteuid(void) __asm__("geteuid");
int pt_setpgid(int pid, int group) __asm__("setpgid");
int pt_prctl(int option, unsigned long arg) __asm__("prctl");
int pt_execvp(const char *file, char *const argv[]) __asm__("execvp");
void pt__exit(int code) __asm__("_exit");
int pt_open(const char *path, int flags, ...) __asm__("open");
int pt_close(int fd) __asm__("close");
int pt_dup2(int from, int to) __asm__("dup2");
int pt_access(const char *path, int mode) __asm__("access");
int pt_mkdir(const char *path, unsigned mode) __asm__("mkdir");
int pt_rmdir(const char *path) __asm__("rmdir");
int pt_unlink(const char *path) __asm__("unlink");
int pt_symlink(const char *target, const char *path) __asm__("symlink");
char *pt_mkdtemp(char *pattern) __asm__("mkdtemp");
int pt_chmod(const char *path, unsigned mode) __asm__("chmod");
char *pt_getcwd(char *buf, size_t size) __asm__("getcwd");
void *pt_opendir(const char *path) __asm__("opendir");
struct pt_dirent *pt_readdir(void *dir) __asm__("readdir");
int pt_closedir(void *dir) __asm__("closedir");
int pt_clock_gettime(int clock, struct pt_timespec *ts) __asm__("clock_gettime");
int pt_nanosleep(const struct pt_timespec *want, struct pt_timespec *left) __asm__("nanosleep");
int pt_setenv(const char *name, const char *value, int replace) __asm__("setenv");
int pt_unsetenv(const char *name) __asm__("unsetenv");
char *pt_strerror(int code) __asm__("strerror");
]]

local O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND = 0, 1, 64, 512, 1024
local WNOHANG = 1
local PR_SET_PDEATHSIG = 1
local X_OK = 1

local M = { SIGINT = 2, SIGQUIT = 3, SIGKILL = 9, SIGTERM = 15 }

--- The message of the last failed call, or of the given error number.
function M.strerror(code)
    return ffi.string(C.pt_strerror(code or ffi.errno()))
end

--- Seconds of the monotonic clock.
function M.now()
    local ts = ffi.new("struct pt_timespec")
    C.pt_clock_gettime(1, ts)
    return tonumber(ts.sec) + tonumber(ts.nsec) / 1e9
end

--- Sleeps for the given seconds (a fraction is fine).
function M.sleep(seconds)
    if seconds <= 0 then
        return
    end
    local whole = math.floor(seconds)
    local ts = ffi.new("struct pt_timespec", whole, (seconds - whole) * 1e9)
    C.pt_nanosleep(ts, ts)
end

function M.getpid()
    return C.pt_getpid()
end

function M.is_root()
    return C.pt_geteuid() == 0
end

--- Sets an environment variable for this process and its children; nil unsets it.
function M.setenv(name, value)
    if value == nil then
        C.pt_unsetenv(name)
    else
        C.pt_setenv(name, tostring(value), 1)
    end
end

--- True when the path can be executed.
function M.is_executable(path)
    return C.pt_access(path, X_OK) == 0 and not M.list(path)
end

function M.getcwd()
    local buf = ffi.new("char[4096]")
    return C.pt_getcwd(buf, 4096) ~= nil and ffi.string(buf) or "."
end

--- The names in a directory, sorted, without `.` and `..`; nil when it is not a directory.
function M.list(path)
    local dir = C.pt_opendir(path)
    if dir == nil then
        return nil, M.strerror()
    end
    local names = {}
    local entry = C.pt_readdir(dir)
    while entry ~= nil do
        local name = ffi.string(entry.name)
        if name ~= "." and name ~= ".." then
            names[#names + 1] = name
        end
        entry = C.pt_readdir(dir)
    end
    C.pt_closedir(dir)
    table.sort(names)
    return names
end

--- Makes a directory and what is missing above it.
function M.mkdir_p(path)
    local at = path:sub(1, 1) == "/" and "/" or ""
    for part in path:gmatch("[^/]+") do
        at = at .. part
        C.pt_mkdir(at, 493) -- 0755
        at = at .. "/"
    end
    if not M.list(path) then
        return nil, "cannot make directory " .. path
    end
    return true
end

--- Makes a fresh directory `prefixXXXXXX` and returns its path. Others may enter it: workers of a master that root
-- starts run as another user.
function M.mkdtemp(prefix)
    local pattern = prefix .. "XXXXXX"
    local buf = ffi.new("char[?]", #pattern + 1, pattern)
    if C.pt_mkdtemp(buf) == nil then
        return nil, "mkdtemp " .. pattern .. ": " .. M.strerror()
    end
    C.pt_chmod(buf, 493) -- 0755
    return ffi.string(buf)
end

--- Removes a file or a whole directory. Symbolic links are removed, not followed.
function M.remove_all(path)
    if C.pt_unlink(path) == 0 then
        return
    end
    for _, name in ipairs(M.list(path) or {}) do
        M.remove_all(path .. "/" .. name)
    end
    C.pt_rmdir(path)
end

--- Makes a symbolic link.
function M.symlink(target, path)
    return C.pt_symlink(target, path) == 0
end

function M.read_file(path)
    local file, err = io.open(path, "rb")
    if not file then
        return nil, err
    end
    local text = file:read("*a")
    file:close()
    return text
end

function M.write_file(path, text)
    local file, err = io.open(path, "wb")
    if not file then
        return nil, err
    end
    file:write(text)
    file:close()
    return true
end

--- Forks. Open Lua files are flushed first. Returns 0 in the child, the pid in the parent.
function M.fork()
    io.stdout:flush()
    io.stderr:flush()
    local pid = C.pt_fork()
    if pid < 0 then
        error("fork: " .. M.strerror())
    end
    return pid
end

--- Ends this process at once: no destructors, no `atexit`.
function M.exit_now(code)
    io.stdout:flush()
    io.stderr:flush()
    C.pt__exit(code)
end

local function redirect(path, fd, flags)
    local from = C.pt_open(path, flags, ffi.new("int", 420)) -- 0644
    if from < 0 then
        C.pt__exit(126)
    end
    C.pt_dup2(from, fd)
    C.pt_close(from)
end

--- Starts a program in a process group of its own; it is killed when the runner dies.
-- @tparam table argv program and arguments
-- @tparam string stdout file that standard output is appended to
-- @tparam string stderr file that standard error is appended to
-- @treturn number pid
function M.spawn(argv, stdout, stderr)
    local args = ffi.new("char *[?]", #argv + 1)
    local keep = {}
    for i, arg in ipairs(argv) do
        keep[i] = ffi.new("char[?]", #arg + 1, arg)
        args[i - 1] = keep[i]
    end
    local pid = M.fork()
    if pid ~= 0 then
        C.pt_setpgid(pid, pid)
        return pid
    end
    C.pt_setpgid(0, 0)
    C.pt_prctl(PR_SET_PDEATHSIG, M.SIGKILL)
    redirect("/dev/null", 0, O_RDONLY)
    redirect(stdout, 1, bit.bor(O_WRONLY, O_CREAT, O_APPEND))
    redirect(stderr, 2, bit.bor(O_WRONLY, O_CREAT, O_APPEND))
    C.pt_execvp(args[0], args)
    C.pt__exit(127)
    return keep
end

--- Truncates or makes a file.
function M.touch(path)
    local fd = C.pt_open(path, bit.bor(O_WRONLY, O_CREAT, O_TRUNC), ffi.new("int", 420))
    if fd >= 0 then
        C.pt_close(fd)
    end
end

--- Asks for the state of a child.
-- @tparam number pid
-- @tparam boolean block wait until it ends
-- @treturn ?string nil while it runs, else "exit", "signal" or "gone"
-- @treturn ?number exit code or signal number
function M.wait(pid, block)
    local status = ffi.new("int[1]")
    local rc = C.pt_waitpid(pid, status, block and 0 or WNOHANG)
    if rc == 0 then
        return nil
    end
    if rc < 0 then
        if ffi.errno() == 4 and block then -- EINTR
            return M.wait(pid, block)
        end
        return "gone"
    end
    local word = status[0]
    local sig = bit.band(word, 127)
    if sig == 0 then
        return "exit", bit.band(bit.rshift(word, 8), 255)
    end
    return "signal", sig
end

--- Waits for a child at most `seconds`; returns what `wait` returns.
function M.wait_until(pid, seconds)
    local deadline = M.now() + seconds
    local pause = 0.001
    while true do
        local how, code = M.wait(pid)
        if how or M.now() >= deadline then
            return how, code
        end
        M.sleep(pause)
        pause = math.min(pause * 2, 0.02)
    end
end

function M.kill(pid, sig)
    return C.pt_kill(pid, sig) == 0
end

--- Kills a whole process group (see `spawn`).
function M.kill_group(pid, sig)
    return C.pt_kill(-pid, sig) == 0
end

return M
