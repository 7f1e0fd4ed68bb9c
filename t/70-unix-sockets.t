# A Unix socket on which one worker accepts and the others do not, by the C function of lua-resty-events.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: workers that leave it in init_worker_by_lua; other times and other names are refused; a reload begins anew
--- config
    location / { return 200 "ok"; }
--- exec
. t/lib/process.sh
accepted_by() {
    conf 'worker_processes 3;' "listen unix:$D/s; keepalive_timeout 0;
        location / { content_by_lua_block { ngx.say(ngx.worker.id(), ' ', leave 'unix:$D/s') } }
        location /facts { content_by_lua_block { local d = ngx.shared.d ngx.say(d:get 'init', ' ', d:get 'left', ' ', d:get 'other') } }
        location /up { content_by_lua_block { ngx.say('left to $1: ', ngx.shared.d:get('up-$1')) } }" "lua_shared_dict d 1m;
    init_by_lua_block {
        local ffi = require 'ffi'
        require 'resty.core.base'
        ffi.cdef 'int ngx_lua_ffi_disable_listening_unix_socket(ngx_str_t *name);'
        local str = ffi.new 'ngx_str_t[1]'
        function leave(name)
            str[0].data, str[0].len = name, #name
            return ffi.C.ngx_lua_ffi_disable_listening_unix_socket(str)
        end
        ngx.shared.d:set('init', leave 'unix:$D/s')
    }
    init_worker_by_lua_block {
        if ngx.worker.id() ~= $1 then
            ngx.shared.d:set('left', leave 'unix:$D/s')
            ngx.shared.d:set('other', leave 'unix:$D/')
        end
        ngx.shared.d:incr('up-$1', 1, 0)
    }"
}
by_socket() { curl -s --max-time 100 --unix-socket s "http://localhost$1"; }
many() { for i in $(seq 30); do by_socket /; done | sort | uniq -c | sed 's/^ *//'; }
accepted_by 1; $B
wait_for '[ "$(by_socket /up)" = "left to 1: 3" ]'
many; by_socket /facts
accepted_by 2; reload
wait_for '[ "$(by_socket /up)" = "left to 2: 3" ]'
many
quit TERM
--- exec_out
30 1 -1
-1 0 -1
30 2 -1
