# Malformed request heads: each is answered with its status, and the connection is closed, since nobody can tell
# where the next request would begin. The same cases stand in t/unit/proto/http1_corpus.h.
use Test::Nginx::Socket 'no_plan';

no_root_location();
run_tests();

__DATA__

=== TEST 1: no version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 2: simple request without headers
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 3: bare LF after simple request
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /\n"
--- error_code: 400
--- connection: closed

=== TEST 4: two spaces after the method
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 5: two spaces before the version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /  HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 6: tab after the method
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 7: tab before the version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 8: space after the version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1 \r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 9: tab after the version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\t\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 10: space before the method
--- config
    location / { return 200 "ok"; }
--- raw_request eval
" GET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 11: bare LF after the request line
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 12: bare CR after the request line
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\rHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 13: bare CR in the target
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 14: space in the target
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 15: NUL in the target
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /a\x00b HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 16: DEL in the target
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /a\x7fb HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 17: control byte in the target
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 18: fragment in the target
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 19: target without a slash
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET a HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 20: asterisk for GET
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET * HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 21: authority for GET
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 22: origin form for CONNECT
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 23: CONNECT without a port
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 24: absolute form without authority
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 25: absolute form with user
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET http://u\@a/ HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 26: absolute form with bad port
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET http://a:x/ HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 27: absolute form with one slash
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 28: method with a separator
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 29: method with a high byte
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 30: method with a colon
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET: / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 31: lower-case protocol
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / http/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 32: other protocol
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / ICY/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 33: version without minor
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 34: two-digit minor version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.10\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 35: two-digit major version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/11.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 36: signed version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/+1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 37: comma in the version
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1,1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 38: version 0.9
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/0.9\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 39: version 2.0
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/2.0\r\nHost: a\r\n\r\n"
--- error_code: 505
--- connection: closed

=== TEST 40: version 3.1
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/3.1\r\nHost: a\r\n\r\n"
--- error_code: 505
--- connection: closed

=== TEST 41: TLS ClientHello
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
--- error_code: 400
--- connection: closed

=== TEST 42: binary garbage
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"\xff\xfe\x00\x01\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 43: five empty lines
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 44: leading bare LF
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 45: leading bare CR
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 46: space before the colon
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost : a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 47: tab before the colon
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 48: space before the length's colon
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nabcde"
--- error_code: 400
--- connection: closed

=== TEST 49: space in a name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 50: space before the first name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\n Host: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 51: tab before the first name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\n\tHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 52: folded line
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 53: folded line with tab
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 54: folded empty value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 55: folded blank line
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n \r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 56: folded length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 57: folded coding
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 58: empty name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 59: no colon
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 60: control byte in a name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX\x01: y\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 61: high byte in a name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa9: y\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 62: NUL in a name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX\x00Y: z\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 63: separator in a name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX/Y: z\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 64: quote in a name
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\"X\": z\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 65: NUL in a value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 66: DEL in a value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 67: escape in a value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\x1bb\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 68: control byte first in a value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 69: vertical tab as blank
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX:\x0ba\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 70: form feed in Connection
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\x0c\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 71: bare CR in a value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 72: bare CR in an empty value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX:\rY: b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 73: two CR before LF
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 74: bare LF after a value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 75: bare LF after an empty value
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nX:\nY: b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 76: bare LF after a length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\n\r\nabcde"
--- error_code: 400
--- connection: closed

=== TEST 77: bare LF as the blank line
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\n"
--- error_code: 400
--- connection: closed

=== TEST 78: bare CR as the blank line
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\n\rGET"
--- error_code: 400
--- connection: closed

=== TEST 79: Host missing
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 80: Host missing before other fields
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nX: y\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 81: Host repeated
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 82: Host repeated and different
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 83: Host repeated in HTTP/1.0
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 84: Host empty
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost:\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 85: Host with a space
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 86: Host with a path
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 87: Host with a user
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: u\@a\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 88: Host with two ports
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 89: Host with a name as port
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a:http\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 90: Host with a large port
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 91: Host with an open bracket
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 92: Host with a false address
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: [1:2]\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 93: Host with a high byte
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 94: length and coding
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 95: coding and length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 96: two equal lengths
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"
--- error_code: 400
--- connection: closed

=== TEST 97: two lengths
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 98: list of equal lengths
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nabcde"
--- error_code: 400
--- connection: closed

=== TEST 99: positive length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde"
--- error_code: 400
--- connection: closed

=== TEST 100: negative length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 101: space inside a length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 2\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 102: empty length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 103: hexadecimal length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 104: fractional length
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 105: length above 64 bits
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 106: length above 63 bits
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 107: unknown coding
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"
--- error_code: 501
--- connection: closed

=== TEST 108: unknown coding before chunked
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
--- error_code: 501
--- connection: closed

=== TEST 109: identity coding
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"
--- error_code: 501
--- connection: closed

=== TEST 110: longer than chunked
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedd\r\n\r\n"
--- error_code: 501
--- connection: closed

=== TEST 111: x before chunked
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"
--- error_code: 501
--- connection: closed

=== TEST 112: chunked not last
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 113: chunked twice
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 114: chunked in two fields
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 115: another coding in a second field
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 116: chunked with a parameter
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a=b\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 117: quoted chunked
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 118: empty coding
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 119: empty item before chunked
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 120: empty item after chunked
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 121: vertical tab before chunked
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 122: chunked in HTTP/1.0
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
--- error_code: 400
--- connection: closed

=== TEST 123: unknown expectation
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n"
--- error_code: 417
--- connection: closed

=== TEST 124: two expectations
--- config
    location / { return 200 "ok"; }
--- raw_request eval
"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, tea\r\n\r\n"
--- error_code: 417
--- connection: closed
