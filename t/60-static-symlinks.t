# disable_symlinks.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: links are followed
--- config
    location / { root /tmp/perilune-t-links;  }
--- init lua
os.execute([[d=/tmp/perilune-t-links; rm -rf $d; mkdir -p $d/dir && echo text > $d/a.txt && echo inner > $d/dir/b.txt &&
ln -s a.txt $d/link && ln -s dir $d/dirlink && ln -s a.txt $d/foreign && ln -s gone $d/dangling && ln -s loop $d/loop &&
chown -h 12345 $d/foreign]]) and ""
--- request eval
["GET /a.txt", "GET /link", "GET /dirlink/b.txt", "GET /dirlink", "GET /dangling", "GET /loop", "GET /foreign"]
--- error_code eval
[200, 200, 200, 301, 404, 403, 200]

=== TEST 2: no links
--- config
    location / { root /tmp/perilune-t-links; disable_symlinks on; }
--- init lua
os.execute([[d=/tmp/perilune-t-links; rm -rf $d; mkdir -p $d/dir && echo text > $d/a.txt && echo inner > $d/dir/b.txt &&
ln -s a.txt $d/link && ln -s dir $d/dirlink && ln -s a.txt $d/foreign && ln -s gone $d/dangling && ln -s loop $d/loop &&
chown -h 12345 $d/foreign]]) and ""
--- request eval
["GET /a.txt", "GET /dir/b.txt", "GET /link", "GET /dirlink/b.txt", "GET /foreign", "GET /none", "GET /dir"]
--- error_code eval
[200, 200, 403, 403, 403, 404, 301]

=== TEST 3: links of the same owner
--- config
    location / { root /tmp/perilune-t-links; disable_symlinks if_not_owner; }
--- skip_eval: 4: $ENV{USER} && $ENV{USER} ne 'root'
--- init lua
os.execute([[d=/tmp/perilune-t-links; rm -rf $d; mkdir -p $d/dir && echo text > $d/a.txt && echo inner > $d/dir/b.txt &&
ln -s a.txt $d/link && ln -s dir $d/dirlink && ln -s a.txt $d/foreign && ln -s gone $d/dangling && ln -s loop $d/loop &&
chown -h 12345 $d/foreign]]) and ""
--- request eval
["GET /a.txt", "GET /link", "GET /dirlink/b.txt", "GET /foreign"]
--- error_code eval
[200, 200, 200, 403]

=== TEST 4: a refused link is logged
--- config
    location / { root /tmp/perilune-t-links; disable_symlinks on; }
--- init lua
os.execute([[d=/tmp/perilune-t-links; rm -rf $d; mkdir -p $d/dir && echo text > $d/a.txt && echo inner > $d/dir/b.txt &&
ln -s a.txt $d/link && ln -s dir $d/dirlink && ln -s a.txt $d/foreign && ln -s gone $d/dangling && ln -s loop $d/loop &&
chown -h 12345 $d/foreign]]) and ""
--- request
GET /link
--- error_code: 403
--- error_log eval
qr{openat\(\) "/tmp/perilune-t-links/link" failed \(40: Too many levels of symbolic links\)}

=== TEST 5: from= is trusted, what comes behind it is not
--- config
    location / { root /tmp/perilune-t-links/dirlink; disable_symlinks on from=$document_root; }
    location /whole/ { alias /tmp/perilune-t-links/dirlink/; disable_symlinks on; }
    location /part/ { alias /tmp/perilune-t-links/dirlink/; disable_symlinks on from=/tmp/perilune-t-links/dir; }
--- init lua
os.execute([[d=/tmp/perilune-t-links; rm -rf $d; mkdir -p $d/dir/sub && echo inner > $d/dir/b.txt && echo deep > $d/dir/sub/c.txt &&
ln -s dir $d/dirlink && ln -s b.txt $d/dir/link && ln -s sub $d/dir/sublink]]) and ""
--- request eval
["GET /b.txt", "GET /sub/c.txt", "GET /link", "GET /sublink/c.txt", "GET /whole/b.txt", "GET /part/b.txt", "GET /sub"]
--- error_code eval
[200, 200, 403, 403, 403, 403, 301]

=== TEST 6: from= asks for a value and for a policy
--- config
    disable_symlinks off from=/tmp;
--- must_die
--- error_log
invalid parameter "from=/tmp"

=== TEST 7: try_files goes on behind a link that is refused or leads nowhere, and looks through one that is not
--- config
    root /tmp/perilune-t-links;
    location /deny { disable_symlinks on; try_files /link /dangling /dirlink/ /a.txt =404; }
    location /owner { disable_symlinks if_not_owner; try_files /foreign /dangling /dirlink /link =404; }
    location /none { disable_symlinks if_not_owner; try_files /dangling /loop /foreign =404; }
--- init lua
os.execute([[d=/tmp/perilune-t-links; rm -rf $d; mkdir -p $d/dir && echo text > $d/a.txt && echo inner > $d/dir/b.txt &&
ln -s a.txt $d/link && ln -s dir $d/dirlink && ln -s a.txt $d/foreign && ln -s gone $d/dangling && ln -s loop $d/loop &&
chown -h 12345 $d/foreign]]) and ""
--- pipelined_requests eval
["GET /deny", "GET /owner", "GET /none"]
--- error_code eval
[200, 200, 404]
--- response_body_like eval
["^text\n\$", "^text\n\$", "404"]
