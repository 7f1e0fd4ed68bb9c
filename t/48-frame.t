# perilune.frame: messages out of bytes, whatever the chunks, and their caps.
use Test::Nginx::Socket 'no_plan';

no_root_location();
our $Exec = <<'_EOC_';
P=$(readlink /proc/$(cat $TEST_NGINX_SERVROOT/logs/nginx.pid)/exe)
cd $TEST_NGINX_HTML_DIR; timeout 100 $P run main.lua 2>err; echo exit $?; cat err
_EOC_
add_block_preprocessor(sub {
    my $block = shift;
    if (!defined $block->config) {
        $block->set_value("config", "    location / { return 204; }\n");
    }
    if (!defined $block->exec) {
        $block->set_value("exec", $Exec);
    }
    if (!defined $block->timeout) {
        $block->set_value("timeout", 20);
    }
});

run_tests();

__DATA__

=== TEST 1: each kind, cut into pieces of 1, 2, 3, 7 and all bytes
--- user_files
>>> main.lua
local frame, stream, deferred = require "perilune.frame", require "perilune.stream", require "perilune.deferred"
-- What `messages` are on the wire.
local function written(make, messages)
    local all = {}
    local function add(x) if type(x) == "table" then for _, y in ipairs(x) do add(y) end else all[#all + 1] = x end end
    local sink = { each = function() end, put = function(_, data) add(data) return deferred.success_deferred(true) end }
    local f = make(sink)
    for _, m in ipairs(messages) do f:put(m) end
    return table.concat(all)
end
local function pieces(text, n)
    local at = 1
    return { each = function() return function()
        if at > #text then return nil end
        at = at + n
        return text:sub(at - n, at - 1)
    end end }
end
local messages = { "one", "", "three", ("x"):rep(300) }
local kinds = {
    { "lines", function(s) return frame.lines(s) end },
    { "lines crlf", function(s) return frame.lines(s, { crlf = true }) end },
    { "delimited", function(s) return frame.delimited(s, { delimiter = "--aab" }) end },
    { "2 big", function(s) return frame.length_prefixed(s, { bytes = 2 }) end },
    { "4 little", function(s) return frame.length_prefixed(s, { bytes = 4, endian = "little" }) end },
    { "8 big", function(s) return frame.length_prefixed(s, { bytes = 8 }) end },
    { "8 little", function(s) return frame.length_prefixed(s, { bytes = 8, endian = "little" }) end },
    { "varint", function(s) return frame.length_prefixed(s, { bytes = "varint" }) end },
    { "netstring", function(s) return frame.netstring(s) end },
}
for _, kind in ipairs(kinds) do
    local wire = written(kind[2], messages)
    for _, n in ipairs { 1, 2, 3, 7, #wire } do
        local got = {}
        for m in kind[2](pieces(wire, n)):each() do got[#got + 1] = m end
        assert(table.concat(got, "|") == table.concat(messages, "|"), kind[1] .. " " .. n)
        local f = kind[2](pieces(wire, n))
        for i = 1, #messages do assert(await(f:take()) == messages[i], kind[1] .. " take") end
        assert(await(f:take()) == nil)
    end
    print(kind[1], #wire, (wire:sub(1, 12):gsub("[%c\128-\255]", function(c) return "\\" .. c:byte() end)))
end
local fixed = function(s) return frame.fixed(s, { bytes = 3 }) end
local got = {}
for m in fixed(pieces(written(fixed, { "abc", "def" }), 2)):each() do got[#got + 1] = m end
print(unpack(got))
--- exec_out
lines	312	one\10\10three\10x
lines crlf	316	one\13\10\13\10three
delimited	328	one--aab--aa
2 big	316	\0\3one\0\0\0\5thr
4 little	324	\3\0\0\0one\0\0\0\0\5
8 big	340	\0\0\0\0\0\0\0\3one\0
8 little	340	\3\0\0\0\0\0\0\0one\0
varint	313	\3one\0\5three\172
netstring	322	3:one,0:,5:t
abc	def
exit 0



=== TEST 2: messages that are too large, input that is cut short or malformed; the error stays
--- user_files
>>> main.lua
local frame = require "perilune.frame"
local function from(...)
    local chunks, i = { ... }, 0
    return { each = function() return function() i = i + 1 return chunks[i] end end }
end
local function outcome(f)
    local got = {}
    for _ = 1, 5 do
        local ok, m = try_await(f:take())
        got[#got + 1] = ok and tostring(m) or m.code
        if ok and m == nil then break end
    end
    return table.concat(got, " ")
end
print(outcome(frame.lines(from("abc\nabcdef\nx\n"), { max = 5 })))
print(outcome(frame.lines(from("abc\n", "abcdefghijk"), { max = 5 })))
print(outcome(frame.lines(from("abcde\r\n"), { max = 5 })))
print(outcome(frame.lines(from("a\nb"))))
print(outcome(frame.length_prefixed(from("\0\3abc\0\9x"), { bytes = 2 })))
print(outcome(frame.length_prefixed(from("\255\255\255\255"), { bytes = 4, max = 100 })))
print(outcome(frame.length_prefixed(from("\255\255\255\255\255\255\255\255"), { bytes = 8 })))
print(outcome(frame.length_prefixed(from(("\255"):rep(11)), { bytes = "varint" })))
print(outcome(frame.length_prefixed(from("\5", "ab"), { bytes = "varint" })))
print(outcome(frame.fixed(from("abcd"), { bytes = 3 })))
for _, text in ipairs { "5:hello;", "x", ":", "05:hello,", "1", "99999999999999", "9:abc", "101:x" } do
    print(text, outcome(frame.netstring(from(text), { max = 100 })))
end
print(outcome(frame.delimited(from(("x"):rep(300)), { delimiter = "END", max = 200 })))
--- exec_out
abc too_large too_large too_large too_large
abc too_large too_large too_large too_large
abcde nil
a truncated truncated truncated truncated
abc truncated truncated truncated truncated
too_large too_large too_large too_large too_large
too_large too_large too_large too_large too_large
protocol protocol protocol protocol protocol
truncated truncated truncated truncated truncated
abc truncated truncated truncated truncated
5:hello;	protocol protocol protocol protocol protocol
x	protocol protocol protocol protocol protocol
:	protocol protocol protocol protocol protocol
05:hello,	protocol protocol protocol protocol protocol
1	truncated truncated truncated truncated truncated
99999999999999	protocol protocol protocol protocol protocol
9:abc	truncated truncated truncated truncated truncated
101:x	too_large too_large too_large too_large too_large
too_large too_large too_large too_large too_large
exit 0



=== TEST 3: what cannot be written is refused; options that are wrong are named
--- user_files
>>> main.lua
local frame = require "perilune.frame"
local sink = { each = function() end, put = function() error "nothing is written" end }
local function refused(f, m)
    local ok, err = pcall(f.put, f, m)
    print(ok, type(err) == "table" and err.code or (err:gsub("^.-: ", "", 1)))
end
refused(frame.lines(sink), "a\nb")
refused(frame.lines(sink, { max = 3 }), "abcd")
refused(frame.fixed(sink, { bytes = 3 }), "ab")
refused(frame.length_prefixed(sink, { bytes = 1 }), ("x"):rep(256))
refused(frame.netstring(sink), 7)
print(select(2, pcall(frame.lines, sink, { maximum = 1 })))
print(select(2, pcall(frame.length_prefixed, sink, { bytes = 3 })))
print(select(2, pcall(frame.length_prefixed, sink, { bytes = 2, endian = "middle" })))
print(select(2, pcall(frame.fixed, sink)))
print(select(2, pcall(frame.delimited, sink, { delimiter = "" })))
print(select(2, pcall(frame.codec, sink, { decode = print })))
--- exec_out_like
^false	.*a message must not hold the delimiter
false	too_large
false	.*a message must have 3 bytes, not 2
false	too_large
false	.*a message must be a string, not a number
.*frame.lines: unknown option 'maximum'.*
.*option 'bytes' must be 1, 2, 4, 8 or "varint"
.*option 'endian' must be "big" or "little"
.*option 'bytes' is needed
.*option 'delimiter' is needed
.*'decode' and 'encode' are needed
exit 0



=== TEST 4: a codec of one's own; several takes at once are served in order; unwrap
--- user_files
>>> main.lua
local frame, task = require "perilune.frame", require "perilune.task"
local sent = {}
local chunks, i = { "1;22", ";3", ";rest" }, 0
local pipe = {
    each = function() return function() await(task.sleep(0.005)) i = i + 1 return chunks[i] end end,
    put = function(_, data) sent[#sent + 1] = data return require("perilune.deferred").success_deferred(true) end,
}
local numbers = frame.codec(pipe, {
    decode = function(bytes, at)
        local first = bytes:find(";", at, true)
        if first then return tonumber(bytes:sub(at, first - 1)), first + 1 end
    end,
    encode = function(n) return n .. ";" end,
})
local a, b, c = numbers:take(), numbers:take(), numbers:take()
print(await(c), await(b), await(a))
await(numbers:put(42))
print(sent[1], select(2, numbers:unwrap()))
--- exec_out
3	22	1
42;	rest
exit 0



=== TEST 5: a take that is given up loses nothing; a codec that names no place; what is no stream
--- user_files
>>> main.lua
local tcp, frame, task = require "perilune.tcp", require "perilune.frame", require "perilune.task"
local peers = {}
local server = tcp.start_server(function(stream)
    peers[#peers + 1] = stream
    stream:put "begun, "
    await(stream:take())
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
local f = frame.lines(c)
print(f:take():timeout(0.05):try_await())
await(peers[1]:put "ended\nnext\n")
print(await(f:take()), await(f:take()))
local given_up = f:take()
task.yield()
given_up:cancel("no longer wanted")
await(peers[1]:put "last\n")
print(given_up:try_await())
print(await(f:take()))
f:abort()
for _, place in ipairs { false, 0, 9, "1" } do
    c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
    f = frame.codec(c, { decode = function() return "m", place end, encode = tostring })
    print(select(2, try_await(f:take())).message)
    f:abort()
end
print((select(2, pcall(frame.lines)):gsub("^.-: ", "", 1)))
print((select(2, pcall(frame.codec, c)):gsub("^main.lua:%d+: ", "", 1)))
await(server:close(0))
--- exec_out
false	timeout: no answer within 0.05 s
begun, ended	next
false	cancelled: no longer wanted
last
decode must return the place behind the message, from 1 to 1, not false
decode must return the place behind the message, from 1 to 1, not 0
decode must return the place behind the message, from 1 to 1, not 9
decode must return the place behind the message, from 1 to 1, not 1
bad argument 'stream' to frame.lines (a stream expected, got nil)
frame.codec: 'decode' and 'encode' are needed
exit 0



=== TEST 6: takes that wait for their turn: one that is given up gives up its turn only
--- user_files
>>> main.lua
local tcp, frame, task = require "perilune.tcp", require "perilune.frame", require "perilune.task"
local begun = require("perilune.deferred").deferred()
local server = tcp.start_server(function(stream)
    begun:success(stream)
    await(stream:take())
end, { address = "127.0.0.1" })
local c = await(tcp.connect { host = "127.0.0.1", port = server:port() })
local f = frame.lines(c)
local takes = { f:take(), f:take(), f:take() }
local peer = await(begun)
task.yield()
takes[2]:cancel()
takes[4] = f:take()
task.yield()
await(peer:put "1\n2\n3\n")
for i = 1, 4 do print(takes[i]:try_await()) end
f:abort()
await(server:close(0))
--- exec_out
true	1
false	cancelled: cancelled
true	2
true	3
exit 0



=== TEST 7: a codec's cap holds for messages with their frame: read whole or in pieces, and written
--- user_files
>>> main.lua
local frame = require "perilune.frame"
local success = require("perilune.deferred").success_deferred
local sent
local function framed(...)
    local chunks = { ... }
    return frame.codec({
        each = function() return function() return table.remove(chunks, 1) end end,
        put = function(_, data) sent = data return success(true) end,
    }, {
        decode = function(bytes, at)
            local last = bytes:find(";", at, true)
            if last then return bytes:sub(at, last - 1), last + 1 end
        end,
        encode = function(message) return type(message) == "table" and message or message .. ";" end,
        max = 6,
    })
end
for _, chunks in ipairs { { "12345;" }, { "123456;" }, { "1;123", "456;" } } do
    local f = framed(unpack(chunks))
    for _ = 1, 2 do
        local ok, result = try_await(f:take())
        print(ok, ok and result or ok or result.code)
    end
end
local f = framed()
for _, message in ipairs { "12345", "123456", { "123", 4, "56" }, { "123", 4, "567" } } do
    local ok, err = pcall(f.put, f, message)
    print(ok, ok or tostring(err))
end
print(table.concat(sent))
--- exec_out
true	12345
true	true
false	too_large
false	too_large
true	1
false	too_large
true	true
false	too_large: a message of 7 bytes is larger than 6
true	true
false	too_large: a message of 7 bytes is larger than 6
123456
exit 0
