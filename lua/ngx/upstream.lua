--- The groups of servers that `upstream` blocks name: who is in them, what is known of each, taking servers out.
--
-- In code of `stream` these are the groups of `stream`, everywhere else those of `http`. With `zone`, or with a
-- `health_check`, all workers know the same; without, each worker for itself.

local ffi = require "ffi"
local native = require "ngx.api.native"

ffi.cdef [[
struct ffi_upstream_peer {
    const char *name;
    size_t name_n;
    const char *written;
    size_t written_n;
    int is_backup, is_down;
    int weight, current_weight, effective_weight, conns, max_conns, fails, max_fails;
    double fail_timeout;
    double failed, checked;
    int health;
    double checks, checks_failed, check_at;
};
int ffi_upstream_name(int is_stream, int i, struct ffi_str *out);
int ffi_upstream_peer(int is_stream, const char *name, size_t n, int i, struct ffi_upstream_peer *out);
int ffi_upstream_set_down(int is_stream, const char *name, size_t n, int i, int is_down);
int ffi_upstream_current(struct ffi_str *out);
]]

local C = native.C
local NOT_FOUND, EMPTY = -1, -3
local text, one = ffi.new("struct ffi_str"), ffi.new("struct ffi_upstream_peer")
local healths = { "up", "checking", "unhealthy" }

local upstream = {}

local function check_name(name, f)
    if type(name) ~= "string" then
        error(("bad argument #1 to '%s' (string expected, got %s)"):format(f, type(name)), 3)
    end
end

--- The names of all groups, in the order of the configuration; last the addresses that `proxy_pass` names instead.
-- @treturn {string,...}
function upstream.get_upstreams()
    local names, kind = {}, C.ffi_ngx_is_session()
    while C.ffi_upstream_name(kind, #names, text) == 0 do
        names[#names + 1] = ffi.string(text.p, text.n)
    end
    return names
end

--- Calls `fn(peer, index)` for each server of a group.
local function each(name, fn)
    local kind, i = C.ffi_ngx_is_session(), 0
    while true do
        local rc = C.ffi_upstream_peer(kind, name, #name, i, one)
        if rc == NOT_FOUND then
            return nil, "upstream not found"
        elseif rc ~= 0 and rc ~= EMPTY then
            return true
        elseif rc == 0 then
            fn(one, i)
        end
        i = i + 1
    end
end

local function configured(peer)
    return {
        addr = ffi.string(peer.name, peer.name_n),
        name = ffi.string(peer.written, peer.written_n),
        weight = peer.weight,
        max_fails = peer.max_fails,
        fail_timeout = peer.fail_timeout,
        backup = peer.is_backup ~= 0 or nil,
        down = peer.is_down ~= 0 or nil,
    }
end

--- How the servers of a group are configured.
-- @tparam string name
-- @treturn ?{table,...} addr, name (as written), weight, max_fails, fail_timeout (seconds); backup and down where true
-- @treturn ?string error
function upstream.get_servers(name)
    local servers = {}
    check_name(name, "get_servers")
    local ok, err = each(name, function(peer)
        servers[#servers + 1] = configured(peer)
    end)
    return ok and servers, err
end

local function known(peer, id)
    return {
        id = id,
        name = ffi.string(peer.name, peer.name_n),
        weight = peer.weight,
        current_weight = peer.current_weight,
        effective_weight = peer.effective_weight,
        conns = peer.conns,
        max_conns = peer.max_conns > 0 and peer.max_conns or nil,
        fails = peer.fails,
        max_fails = peer.max_fails,
        fail_timeout = peer.fail_timeout,
        accessed = peer.failed > 0 and peer.failed or nil,
        checked = peer.checked > 0 and peer.checked or nil,
        down = peer.is_down ~= 0 or nil,
        health = healths[peer.health],
        checks = peer.health > 0 and peer.checks or nil,
        checks_failed = peer.health > 0 and peer.checks_failed or nil,
        last_check = peer.check_at > 0 and peer.check_at or nil,
    }
end

--- Those that are backups, or those that are not; ids count each kind from 0.
local function peers_of(name, wants_backups)
    local peers = {}
    local ok, err = each(name, function(peer)
        if (peer.is_backup ~= 0) == wants_backups then
            peers[#peers + 1] = known(peer, #peers)
        end
    end)
    return ok and peers, err
end

--- What is known of the servers of a group that are no backups.
--
-- Each has id, name, weight, current_weight, effective_weight, conns, fails, max_fails and fail_timeout (seconds);
-- where there are such: max_conns, accessed (the last failure) and checked (both seconds since 1970), `down = true`.
-- With health checks also health ("up", "checking", "unhealthy"), checks, checks_failed and last_check (seconds since
-- 1970).
-- @tparam string name
-- @treturn ?{table,...}
-- @treturn ?string error
function upstream.get_primary_peers(name)
    check_name(name, "get_primary_peers")
    return peers_of(name, false)
end

--- The same of its backups.
function upstream.get_backup_peers(name)
    check_name(name, "get_backup_peers")
    return peers_of(name, true)
end

--- Takes a server out of its group, or puts it back, its failures forgotten.
-- @tparam string name of the group
-- @tparam boolean is_backup
-- @tparam number id as get_primary_peers and get_backup_peers tell it
-- @tparam boolean is_down
-- @treturn ?boolean true
-- @treturn ?string error
function upstream.set_peer_down(name, is_backup, id, is_down)
    local kind, at, n = C.ffi_ngx_is_session(), nil, 0
    check_name(name, "set_peer_down")
    local ok, err = each(name, function(peer, i)
        if (peer.is_backup ~= 0) == (is_backup and true or false) then
            at = n == id and i or at
            n = n + 1
        end
    end)
    if not ok then
        return nil, err
    elseif not at then
        return nil, "bad peer id"
    end
    C.ffi_upstream_set_down(kind, name, #name, at, is_down and 1 or 0)
    return true
end

--- What the current request is passed on to.
-- @treturn ?string the name of its group, or "host[:port]" as proxy_pass names it; nil: it is not passed on (yet)
function upstream.current_upstream_name()
    return C.ffi_upstream_current(text) == 0 and ffi.string(text.p, text.n) or nil
end

return upstream
