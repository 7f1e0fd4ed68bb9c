# examples/static-site: its directives around its files, and its own configuration as it stands.
use Test::Nginx::Socket 'no_plan';

$ENV{TEST_NGINX_PROJECT} ||= cwd();

our $Config = <<'_EOC_';
    root $TEST_NGINX_PROJECT/examples/static-site/site;
    types { text/html html; text/css css; text/plain txt; }
    location / { index index.html; try_files $uri $uri.html $uri/ =404; }
    location /assets/ { expires 365d; add_header Cache-Control "public, immutable"; }
    location /files/ { autoindex on; autoindex_exact_size off; }
    error_page 404 /404.html;
_EOC_

add_block_preprocessor(sub {
    my ($block) = @_;
    if (!defined $block->config) {
        $block->set_value("config", $::Config);
    }
});

no_root_location();
run_tests();

__DATA__

=== TEST 1: the index
--- request
GET /
--- response_headers
Content-Type: text/html
--- response_body_like: <h1>A small site</h1>

=== TEST 2: a page without its ending
--- request
GET /about
--- response_body_like: <h1>About</h1>

=== TEST 3: the style sheet may be kept
--- request
GET /assets/site.css
--- response_headers_like
Content-Type: text/css
Cache-Control: .*max-age=31536000.*
--- response_body_like: color-scheme

=== TEST 4: a listing
--- request
GET /files/
--- response_body_like: note\.txt

=== TEST 5: the site's own page for what does not exist
--- request
GET /nothing
--- error_code: 404
--- response_body_like: <h1>Not here</h1>

=== TEST 6: the configuration of the example is accepted
--- config
    location / { return 200 "ok\n"; }
--- request
GET /
--- response_body
ok
--- exec
mkdir -p $TEST_NGINX_SERVROOT/check/logs && ln -s $TEST_NGINX_PROJECT/examples $TEST_NGINX_SERVROOT/check/examples &&
$TEST_NGINX_BINARY -t -p $TEST_NGINX_SERVROOT/check -c examples/static-site/perilune.conf 2>&1
--- exec_out_like: test is successful
