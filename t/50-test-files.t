# What `perilune test` makes of whole files: preprocessors, files that check nothing.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a preprocessor that sets a section of every block, a file that checks nothing, one that says so
--- config
    location / { return 200; }
--- user_files
>>> t/set.t
use Test::Nginx::Socket 'no_plan';
add_block_preprocessor(sub {
    my $block = shift;
    if (defined $block->never) {
        $block->set_value("exec_out", "not this one\n");
    }
    $block->set_value("exec", "echo { set }\n");
});
run_tests();
__DATA__
|=== TEST 1: it is set
|--- config
    location = /x { return 200; }
|--- exec_out
{ set }
>>> t/nothing.t
use Test::Nginx::Socket 'no_plan';
run_tests();
__DATA__
|=== TEST 1: no request
|--- config
    location = /x { return 200; }
>>> t/empty.t
use Test::Nginx::Socket 'no_plan';
run_tests();
__DATA__
>>> t/skipped.t
use Test::Nginx::Socket skip_all => 'for a reason';
run_tests();
__DATA__
|=== TEST 1: no request
|--- config
    location = /x { return 200; }
>>> t/dropped.t
use Test::Nginx::Socket 'no_plan';
run_tests();
__DATA__
|=== TEST 1: dropped
|--- SKIP
|--- config
    location = /x { return 200; }
|--- request
GET /
--- exec
cd $TEST_NGINX_HTML_DIR/t; unset TEST_NGINX_SERVER_PORT
sed -i 's/^|//' *.t # behind it blocks and sections are no ones of this file
for f in set nothing empty skipped dropped; do $TEST_NGINX_BINARY test $f.t >out; c=$?; grep -vE '^1\.\.' out; echo $f $c; done
$TEST_NGINX_BINARY test -j 2 . >out; echo $? $(tail -1 out)
$TEST_NGINX_BINARY test -n 'TEST 9' set.t nothing.t >out; echo $? $(tail -1 out)
mkdir none; for how in "-n none set.t" none; do $TEST_NGINX_BINARY test $how | head -1; done
--- exec_out
ok 1 - set.t TEST 1: it is set - exec_code 0
ok 2 - set.t TEST 1: it is set - exec_out
2 passed, 0 failed
set 0
not ok 1 - nothing.t - checks something
#   no block of it has checked anything
0 passed, 1 failed
nothing 1
not ok 1 - empty.t - checks something
#   no block of it has checked anything
0 passed, 1 failed
empty 1
ok 1 - skipped.t # SKIP for a reason
0 passed, 0 failed, 1 skipped
skipped 0
ok 1 - dropped.t # SKIP its blocks are skipped
0 passed, 0 failed, 1 skipped
dropped 0
1 2 passed, 2 failed, 2 skipped
1 0 passed, 0 failed
# no block's name holds 'none'
# there is no .t file
