# dav_methods: what clients may do to files.
use Test::Nginx::Socket 'no_plan';

our $Begin = <<'_EOC_';
. t/lib/process.sh
mkdir -p html/dir/below other
echo one >html/one; echo two >html/two; echo deep >html/dir/below/deep; echo kept >other/kept
ln -s ../../other html/dir/link
serve() {
    cat >conf/perilune.conf <<X
user root; daemon off; master_process off; error_log logs/error.log info; pid logs/m.pid; events {} 
http { access_log off; client_body_temp_path temp; server { listen 127.0.0.1:$PORT; server_name localhost; $1 } }
X
    $B -c conf/perilune.conf & P=$!
    wait_for "[ -s logs/m.pid ] || is_gone $P"
}
# METHOD PATH [curl's options]: the status, and where the new thing is
ask() { M=$1 U=$2; shift 2; printf '%s %s: ' "$M" "$U"
    curl -s --max-time 100 --path-as-is -o answer -D head -X "$M" "$@" "http://127.0.0.1:$PORT$U" -w '%{http_code}'
    sed -n 's/\r$//; s/^Location: / /p' head | tr -d '\n'; echo; }
to() { echo "Destination: http://127.0.0.1:$PORT$1"; }
stop() { kill "$P"; wait "$P"; rm -f logs/m.pid; }
_EOC_

no_root_location();
run_tests();

__DATA__

=== TEST 1: PUT: new, again, where there is no place for it; bodies from memory and from a file
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'client_body_buffer_size 1k; location / { dav_methods PUT; dav_access group:r all:r; }
    location /deep/ { dav_methods PUT; create_full_put_path on; } location /no/ { }'
ask PUT /new%20file -d first; cat 'html/new file'; echo; stat -c %a 'html/new file'
ask PUT '/new%20file' -d second; cat 'html/new file'; echo
head -c 300000 /dev/zero | tr '\0' x >large
ask PUT /large --data-binary @large -H 'Transfer-Encoding: chunked'; cmp large html/large && echo same
ask PUT /empty -d ''; stat -c %s html/empty
ask PUT /dir/ -d x; ask PUT /dir -d x; ask PUT /missing/x -d x; ask PUT /one/x -d x
ask PUT /one -d x -H 'Content-Range: bytes 0-0/1'; cat html/one
ask PUT /deep/a/b/c -d deep; cat html/deep/a/b/c; echo; stat -c %a html/deep/a/b/c html/deep/a
ask PUT /no/x -d x; ask DELETE /one; ask GET /one; ls temp | wc -l
grep -o 'could not create "[^"]*" failed.*)\|cannot PUT.*n,\|PUT with.*d,' logs/error.log | sed "s|$D/||; s/,$//"; stop
X
--- exec_out
PUT /new%20file: 201 /new%20file
first
644
PUT /new%20file: 204
second
PUT /large: 201 /large
same
PUT /empty: 201 /empty
0
PUT /dir/: 409
PUT /dir: 409
PUT /missing/x: 409
PUT /one/x: 409
PUT /one: 501
one
PUT /deep/a/b/c: 201 /deep/a/b/c
deep
600
700
PUT /no/x: 405
DELETE /one: 405
GET /one: 200
0
cannot PUT to a collection
could not create "html/dir" failed (21: Is a directory)
could not create "html/missing/x" failed (2: No such file or directory)
could not create "html/one/x" failed (20: Not a directory)
PUT with range is unsupported



=== TEST 2: DELETE and MKCOL: files, trees, links, depths, bodies
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'location / { dav_methods DELETE MKCOL; } location /shallow/ { dav_methods DELETE; min_delete_depth 3; }
    location /alias/ { alias aliased/; dav_methods DELETE; } location ~ ^/re(.*)/ { alias aliased$1/; dav_methods DELETE; }'
ask DELETE /none; ask DELETE /one; ask DELETE /dir; ask DELETE /dir/ -H 'Depth: 0'; ask DELETE /dir/ -H 'Depth: 1'
ask DELETE /two -d body; ask DELETE /; ask DELETE /../other; ask DELETE /dir/link -H 'Depth: 0'; ls other
ln -s ../../other html/dir/again; ask DELETE /dir/ -H 'Depth: infinity'; ls html other
mkdir -p html/shallow/x; touch html/shallow/x/y; ask DELETE /shallow/x; ask DELETE /shallow/x/y
ask MKCOL /made; ask MKCOL /made/; ask MKCOL /made/; ask MKCOL /no/way/; ask MKCOL /again/ -d x
stat -c '%F %a' html/made; mkdir -p aliased/a aliased/b; ask DELETE /alias/; ask DELETE /alias/a/; ask DELETE /re/b/; ls aliased; stop
X
--- exec_out
DELETE /none: 404
DELETE /one: 204
DELETE /dir: 409
DELETE /dir/: 400
DELETE /dir/: 400
DELETE /two: 415
DELETE /: 403
DELETE /../other: 400
DELETE /dir/link: 204
kept
DELETE /dir/: 204
html:
two

other:
kept
DELETE /shallow/x: 409
DELETE /shallow/x/y: 204
MKCOL /made: 409
MKCOL /made/: 201 /made/
MKCOL /made/: 405
MKCOL /no/way/: 409
MKCOL /again/: 415
directory 700
DELETE /alias/: 403
DELETE /alias/a/: 204
DELETE /re/b/: 204



=== TEST 3: COPY and MOVE: files, trees, over what is there or not, elsewhere, into themselves
--- config
    location / { return 200 "ok"; }
--- exec eval
$::Begin . <<'X'
serve 'location / { dav_methods COPY MOVE; } location /deep/ { dav_methods MOVE COPY; create_full_put_path on; }'
ask COPY /one -H 'Destination: /copy'; cat html/copy; ask COPY /two -H "$(to /copy)"; cat html/copy
ask COPY /one -H 'Destination: /copy' -H 'Overwrite: F'; ask COPY /one -H 'Destination: /copy' -H 'Overwrite: x'
ask COPY /one; ask COPY /one -H 'Destination: http://elsewhere/x'; ask COPY /one -H 'Destination: /../other/x'
ask COPY /one -H 'Destination: /x/'; ask COPY /one -H 'Destination: /x' -H 'Depth: 1'; ask COPY /none -H 'Destination: /x'
ask COPY /dir -H 'Destination: /x'; ask COPY /dir/ -H 'Destination: /dir/below/x/'; ask COPY /one -H 'Destination: /one'
ask COPY /dir/ -H 'Destination: /tree/'; (cd html/tree && find . | sort)
ask COPY /dir/ -H 'Destination: /bare/' -H 'Depth: 0'; ls html/bare
ask MOVE /tree/ -H 'Destination: /bare/'; (cd html/bare && find . | sort); ls html
ask MOVE /one -H "$(to /dir/one%2e)"; ls html/dir; ask MOVE /two -H 'Destination: /no/two'; ask MOVE /two -H 'Destination: /x' -H 'Depth: 0'
mkdir html/deep; ask MOVE /two -H 'Destination: /deep/a/two'; echo x >html/deep/x; ask MOVE /deep/x -H 'Destination: /deep/b/c/x'; cat html/deep/b/c/x; stop
X
--- exec_out
COPY /one: 204
one
COPY /two: 204
two
COPY /one: 412
COPY /one: 400
COPY /one: 400
COPY /one: 400
COPY /one: 400
COPY /one: 409
COPY /one: 400
COPY /none: 404
COPY /dir: 409
COPY /dir/: 403
COPY /one: 403
COPY /dir/: 201
.
./below
./below/deep
COPY /dir/: 201
MOVE /tree/: 201
.
./below
./below/deep
bare
copy
dir
one
two
MOVE /one: 204
below
link
one.
MOVE /two: 409
MOVE /two: 400
MOVE /two: 409
MOVE /deep/x: 204
x
