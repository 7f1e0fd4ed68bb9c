# Links that are let in: secure_link, secure_link_md5, secure_link_secret, valid_referers.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: a checksum, with a time or without
--- config
    location /d/ {
        secure_link $arg_md5,$arg_expires;
        secure_link_md5 "$secure_link_expires$uri secret";
        content_by_lua_block { ngx.say("[", ngx.var.secure_link, "] [", ngx.var.secure_link_expires, "]") }
    }
    location /plain/ {
        secure_link $arg_md5;
        secure_link_md5 "$uri secret";
        if ($secure_link = "") { return 403; }
        return 200 "in\n";
    }
    location / {
        content_by_lua_block {
            local function sum(text) return (ngx.encode_base64(ngx.md5_bin(text), true):gsub("+", "-"):gsub("/", "_")) end
            local function ask(path) local r = ngx.location.capture(path) ngx.print(r.status, " ", r.status == 200 and r.body or "\n") end
            local far, past = "4102444800", "1000000000"
            ask("/d/x?md5=" .. sum(far .. "/d/x secret") .. "&expires=" .. far)
            ask("/d/x?md5=" .. sum(past .. "/d/x secret") .. "&expires=" .. past)
            ask("/d/y?md5=" .. sum(far .. "/d/x secret") .. "&expires=" .. far)
            ask("/d/x?md5=" .. sum(far .. "/d/x secret") .. "&expires=4102444801")
            ask("/d/x?md5=" .. sum("0/d/x secret") .. "&expires=0")
            ask("/d/x?md5=" .. sum("/d/x secret"))
            ask("/d/x?md5=" .. ("A"):rep(25) .. "&expires=" .. far)
            ask("/d/x?md5=!!&expires=" .. far)
            ask("/d/x?expires=" .. far)
            ask("/plain/a?md5=" .. sum("/plain/a secret"))
            ask("/plain/a?md5=" .. sum("/plain/b secret"))
        }
    }
--- request
GET /
--- response_body
200 [1] [4102444800]
200 [0] [1000000000]
200 [nil] [4102444800]
200 [nil] [4102444801]
200 [nil] [nil]
200 [nil] [nil]
200 [nil] [4102444800]
200 [nil] [4102444800]
200 [nil] [4102444800]
200 in
403 

=== TEST 2: the checksum in the path
--- config
    location /p/ {
        secure_link_secret word;
        content_by_lua_block { ngx.say(ngx.var.secure_link) }
    }
    location / {
        content_by_lua_block {
            local function ask(path) ngx.print(ngx.location.capture(path).body) end
            local function get(path)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send("GET " .. path .. " HTTP/1.0\r\n\r\n")
                ngx.print((sock:receive("*a"):match("\r\n\r\n(.*)")))
            end
            get("/p/" .. ngx.md5("a/b.htmlword") .. "/a/b.html")
            get("/p/" .. ngx.md5("a/b.htmlword") .. "/a/c.html")
            get("/p/" .. ngx.md5("word") .. "/")
            get("/p/" .. ngx.md5("word"))
            get("/p/short/a")
        }
    }
--- request
GET /
--- response_body
a/b.html
nil
nil
nil
nil

=== TEST 3: referers by name, by path, by regex, of the server, none, blocked
--- http_config
    server_names_hash_bucket_size 128;
--- config
    server_name shop.example *.shops.example;
    location /r {
        valid_referers none blocked server_names *.example.org www.site.* example.net/in/ ~\.google\.;
        return 200 "[$invalid_referer]";
    }
    location /strict { valid_referers example.com; return 200 "[$invalid_referer]"; }
    location /unsaid { return 200 "[$invalid_referer]"; }
    location / {
        content_by_lua_block {
            local function ask(path, referer)
                local sock = ngx.socket.tcp()
                assert(sock:connect("127.0.0.1", ngx.var.server_port))
                sock:send("GET " .. path .. " HTTP/1.0\r\nHost: a\r\n" .. (referer and "Referer: " .. referer .. "\r\n" or "") .. "\r\n")
                ngx.say(referer, " ", (sock:receive("*a"):match("\r\n\r\n(.*)")))
            end
            ask("/r")
            for _, r in ipairs { "garbage", "http://shop.example/x", "https://SHOP.example:8443", "http://a.shops.example/", "http://x.example.org",
                "http://example.org/", "http://www.site.de/", "http://site.de/", "http://example.net/in/x", "http://example.net:80/in/", "http://example.net/out",
                "http://example.net", "http://www.google.com/search", "https://evil.com/.google.com", "http://evil.com", "https://shop.example.evil.com/" } do
                ask("/r", r)
            end
            ask("/strict")
            ask("/strict", "garbage")
            ask("/strict", "http://example.com/")
            ask("/unsaid", "http://evil.com")
        }
    }
--- request
GET /
--- response_body
nil []
garbage []
http://shop.example/x []
https://SHOP.example:8443 []
http://a.shops.example/ []
http://x.example.org []
http://example.org/ [1]
http://www.site.de/ []
http://site.de/ [1]
http://example.net/in/x []
http://example.net:80/in/ []
http://example.net/out [1]
http://example.net [1]
http://www.google.com/search []
https://evil.com/.google.com []
http://evil.com [1]
https://shop.example.evil.com/ [1]
nil [1]
garbage [1]
http://example.com/ []
http://evil.com []

=== TEST 4: inherited from the server, with its names; a location's own ones take their place
--- config
    server_name ~^(a|b)\.example$ c.example;
    valid_referers server_names;
    location /inherits { return 200 "[$invalid_referer]\n"; }
    location /own { valid_referers d.example; return 200 "[$invalid_referer]\n"; }
--- request eval
["GET /inherits", "GET /inherits", "GET /inherits", "GET /own", "GET /own"]
--- more_headers eval
["Referer: http://a.example/", "Referer: http://c.example/", "Referer: http://d.example/", "Referer: http://c.example/", "Referer: http://d.example/"]
--- response_body eval
["[]\n", "[]\n", "[1]\n", "[1]\n", "[]\n"]

=== TEST 5: the word of the path's checksum is inherited from the server
--- config
    secure_link_secret word;
    location /p/ { return 200 "$secure_link\n"; }
--- request
GET /p/73e4a9897e80d4699cfe9089f1c3280b/a/b.html
--- response_body
a/b.html
