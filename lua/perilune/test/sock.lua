--- Plain TCP sockets over libc, for the test client only.
--
-- Nothing here uses the server's own network code: a client that shared it could not judge
-- it. Sockets are non-blocking descriptors; whoever must wait calls `poll` with a timeout.
-- @module perilune.test.sock

local ffi = require "ffi"
local bit = require "bit"
local posix = require "perilune.test.posix"

local C = ffi.C

ffi.cdef [[
struct pt_sockaddr_in { unsigned short family; unsigned char port[2]; unsigned char addr[4];
                        unsigned char zero[8]; };
struct pt_pollfd { int fd; short events; short revents; };
int pt_socket(int family, int type, int protocol) __asm__("socket");
int pt_connect(int fd, const void *addr, unsigned size) __asm__("connect");
int pt_bind(int fd, const void *addr, unsigned size) __asm__("bind");
int pt_setsockopt(int fd, int level, int name, const void *value, unsigned size)
    __asm__("setsockopt");
int pt_getsockopt(int fd, int level, int name, void *value, unsigned *size)
    __asm__("getsockopt");
long pt_send(int fd, const void *data, size_t size, int flags) __asm__("send");
long pt_recv(int fd, void *data, size_t size, int flags) __asm__("recv");
int pt_shutdown(int fd, int how) __asm__("shutdown");
int pt_poll(struct pt_pollfd *fds, unsigned long count, int timeout) __asm__("poll");
]]

local AF_UNIX, AF_INET, SOCK_STREAM, SOCK_DGRAM = 1, 2, 1, 2
local NONBLOCK_CLOEXEC = 2048 + 524288
local SOL_SOCKET, SO_ERROR, IPPROTO_TCP, TCP_NODELAY = 1, 4, 6, 1
local MSG_NOSIGNAL = 16384
local POLLIN, POLLOUT = 1, 4
local EINTR, EAGAIN, EINPROGRESS = 4, 11, 115

local M = {}

local read_buf = ffi.new("char[65536]")

local function address(host, port)
    local a, b, c, d = host:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$")
    if not a then
        return nil, "not an IPv4 address: " .. host
    end
    local sa = ffi.new("struct pt_sockaddr_in")
    sa.family = AF_INET
    sa.port[0], sa.port[1] = bit.rshift(port, 8), bit.band(port, 255)
    sa.addr[0], sa.addr[1], sa.addr[2], sa.addr[3] =
        tonumber(a), tonumber(b), tonumber(c), tonumber(d)
    return sa
end

--- Waits until the socket is readable or writable.
-- @tparam number fd
-- @tparam boolean want_read
-- @tparam boolean want_write
-- @tparam number seconds
-- @treturn boolean readable (true also for EOF and errors)
-- @treturn boolean writable
function M.poll(fd, want_read, want_write, seconds)
    local set = ffi.new("struct pt_pollfd[1]")
    set[0].fd = fd
    set[0].events = (want_read and POLLIN or 0) + (want_write and POLLOUT or 0)
    local rc = C.pt_poll(set, 1, math.max(0, math.ceil(seconds * 1000)))
    if rc <= 0 then
        return false, false
    end
    local got = set[0].revents
    local bad = bit.band(got, bit.bnot(POLLIN + POLLOUT)) ~= 0
    return want_read and (bad or bit.band(got, POLLIN) ~= 0),
        want_write and (bad or bit.band(got, POLLOUT) ~= 0)
end

--- Connects to an IPv4 address; returns a descriptor or nil and a message.
function M.connect(host, port, timeout)
    local sa, err = address(host, port)
    if not sa then
        return nil, err
    end
    local fd = C.pt_socket(AF_INET, SOCK_STREAM + NONBLOCK_CLOEXEC, 0)
    if fd < 0 then
        return nil, "socket: " .. posix.strerror()
    end
    if C.pt_connect(fd, sa, ffi.sizeof(sa)) ~= 0 then
        local code = ffi.errno()
        if code == EINPROGRESS then
            M.poll(fd, false, true, timeout)
            local value, size = ffi.new("int[1]", 110), ffi.new("unsigned[1]", 4)
            C.pt_getsockopt(fd, SOL_SOCKET, SO_ERROR, value, size)
            code = value[0]
        end
        if code ~= 0 then
            M.close(fd)
            return nil, "connect " .. host .. ":" .. port .. ": " .. posix.strerror(code)
        end
    end
    local one = ffi.new("int[1]", 1)
    C.pt_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4)
    return fd
end

--- Sends from byte `from` (1-based) up to `last`; returns the count, 0 for "not now", nil on error.
function M.send(fd, data, from, last)
    local at = ffi.cast("const char *", data) + (from - 1)
    local n = tonumber(C.pt_send(fd, at, last - from + 1, MSG_NOSIGNAL))
    if n >= 0 then
        return n
    end
    local code = ffi.errno()
    if code == EAGAIN or code == EINTR then
        return 0
    end
    return nil, posix.strerror(code)
end

--- Receives once: data, `false` for "not now", "" at end of file, or nil and a message.
function M.recv(fd)
    local n = tonumber(C.pt_recv(fd, read_buf, 65536, 0))
    if n >= 0 then
        return ffi.string(read_buf, n)
    end
    local code = ffi.errno()
    if code == EAGAIN or code == EINTR then
        return false
    end
    return nil, posix.strerror(code)
end

--- Closes one or both directions: 0 reading, 1 writing, 2 both.
function M.shutdown(fd, how)
    C.pt_shutdown(fd, how)
end

function M.close(fd)
    C.pt_close(fd)
end

local function can_bind(port, kind)
    local fd = C.pt_socket(AF_INET, kind + NONBLOCK_CLOEXEC, 0)
    if fd < 0 then
        return false
    end
    local sa = address("0.0.0.0", port)
    local ok = C.pt_bind(fd, sa, ffi.sizeof(sa)) == 0
    M.close(fd)
    return ok
end

-- Descriptors that hold the claims of ports, oldest first: a claim is an abstract Unix socket with the port in its
-- name, which the kernel takes back when the process ends.
local claims = {}
local CLAIMS_MOST = 256

local function claim(port)
    local name = "\0perilune-test-port-" .. port
    local sa = ffi.new("char[110]")
    ffi.cast("unsigned short *", sa)[0] = AF_UNIX
    ffi.copy(sa + 2, name, #name)
    local fd = C.pt_socket(AF_UNIX, SOCK_STREAM + NONBLOCK_CLOEXEC, 0)
    if fd < 0 or C.pt_bind(fd, sa, 2 + #name) ~= 0 then
        M.close(fd)
        return false
    end
    claims[#claims + 1] = fd
    if #claims > CLAIMS_MOST then
        M.close(table.remove(claims, 1))
    end
    return true
end

local next_port

--- A port below the ephemeral range that nothing uses for TCP or UDP now, and that no other runner is about to use.
-- The search starts at a place that depends on the pid, so that runners side by side differ.
-- @tparam ?number count how many consecutive free ports are wanted (default 1)
function M.free_port(count)
    next_port = next_port or 10000 + (posix.getpid() * 149) % 20000
    for _ = 1, 5000 do
        local first, free = next_port, true
        next_port = next_port + (count or 1)
        if next_port > 31000 then
            next_port = 10000
        end
        for port = first, first + (count or 1) - 1 do
            free = free and claim(port) and can_bind(port, SOCK_STREAM) and can_bind(port, SOCK_DGRAM)
        end
        if free then
            return first
        end
    end
    error("no free port between 10000 and 31000")
end

--- True when something listens on the TCP port; nil when the system does not tell.
-- Read from the kernel's table, so that the server does not see a connection.
function M.is_listening(port)
    local want = (":%04X 0"):format(port)
    local seen
    for _, path in ipairs { "/proc/net/tcp", "/proc/net/tcp6" } do
        local text = posix.read_file(path)
        if text then
            seen = true
            for line in text:gmatch("[^\n]+") do
                if line:find(want, 1, true) and line:match("^%s*%d+: %x+:%x+ %x+:%x+ 0A") then
                    return true
                end
            end
        end
    end
    if seen then
        return false
    end
    return nil
end

return M
