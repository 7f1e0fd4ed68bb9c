"""An HTTP/2 server that answers as the path says, rules or not (prior knowledge, cleartext).

usage: h2_origin.py PORTFILE [streams=N] [window=N] [connect=1] [quiet=1] [share=N]
share: a connection answers N requests and says goodbye with the last of them; later ones it does not look at.
PORTFILE gets the port, PORTFILE.log a line for each thing that a client did. Heads are coded by hpack of python3-h2.
"""
import os
import socket
import struct
import sys
import threading
import time

import hpack

from h2_peer import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS,
                     WINDOW_UPDATE, frame, number)

OPTIONS = dict(word.split("=") for word in sys.argv[2:])
PUSH_PROMISE = 5
CALM = 11
seen = {}
lock = threading.Lock()
log_file = open(sys.argv[1] + ".log", "a", buffering=1)


def log(*words):
    log_file.write(" ".join(map(str, words)) + "\n")


def times(path):
    with lock:
        seen[path] = seen.get(path, 0) + 1
        return seen[path]


class Connection:
    count = 0

    def __init__(self, sock):
        Connection.count += 1
        self.n, self.sock = Connection.count, sock
        self.coder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.bodies, self.requests, self.trailers = {}, {}, {}
        self.sent, self.window, self.stream_window, self.initial = 0, 65535, {}, 65535
        self.waiting = {}
        self.left, self.shrunk, self.table = {}, 0, None
        self.share = int(OPTIONS.get("share", 0))

    def send(self, *args):
        self.sock.sendall(frame(*args))

    def head(self, stream, fields, end=False, flags=END_HEADERS):
        self.send(HEADERS, flags | (END_STREAM if end else 0), stream, self.coder.encode(fields))

    def answer(self, stream, body, extra=(), status="200"):
        self.head(stream, [(":status", status)] + list(extra))
        self.send(DATA, END_STREAM, stream, body)

    def reset(self, stream, code):
        self.send(RST_STREAM, 0, stream, number(code))

    def goaway(self, last, code=0, text=b""):
        self.send(GOAWAY, 0, 0, number(last) + number(code) + text)

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)

    def receive(self, n):
        data = b""
        while len(data) < n:
            piece = self.sock.recv(n - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def run(self):
        try:
            self.receive(24)
            settings = [(k, int(OPTIONS[name])) for k, name in ((3, "streams"), (4, "window"), (8, "connect"))
                        if name in OPTIONS]
            if "quiet" not in OPTIONS:
                self.send(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in settings))
            while True:
                head = self.receive(9)
                payload = self.receive(int.from_bytes(head[:3], "big"))
                self.take(head[3], head[4], int.from_bytes(head[5:9], "big"), payload)
        except (EOFError, OSError):
            log("end", self.n)
            self.sock.close()

    def take(self, kind, flags, stream, payload):
        if kind == SETTINGS and not flags & ACK:
            for key, value in struct.iter_unpack(">HI", payload):
                self.initial = value if key == 4 else self.initial
                log("setting", key, value)
            self.send(SETTINGS, ACK, 0)
        elif kind == SETTINGS:
            self.is_acknowledged()
        elif kind == PING and not flags & ACK:
            log("ping", self.n)
            if "mute" not in OPTIONS:
                self.send(PING, ACK, 0, payload)
        elif kind == RST_STREAM:
            log("reset", self.requests.get(stream, {}).get(":path"), int.from_bytes(payload, "big"))
        elif kind == GOAWAY:
            log("goaway", int.from_bytes(payload[4:8], "big"))
        elif kind == WINDOW_UPDATE:
            self.open(stream, int.from_bytes(payload, "big"))
        elif kind == DATA:
            self.bodies[stream] = self.bodies.get(stream, b"") + payload
            if self.requests[stream].get(":path") == "/shrink":
                self.shrink(stream, len(payload))
            else:
                self.given(stream, len(payload))
            if payload and self.requests[stream].get(":path") == "/grpc/stream":
                self.send(DATA, 0, stream, b"echo " + payload)
        elif kind == HEADERS:
            fields = dict(self.decoder.decode(payload))
            if stream in self.requests:
                self.trailers[stream] = fields
            else:
                self.requests[stream] = fields
                self.stream_window[stream] = self.initial
                log("request", self.n, stream, fields[":method"], fields.get(":path", fields[":authority"]))
                self.begun(stream, fields)
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.ended(stream, self.requests[stream].get(":path", ""))

    def given(self, stream, n):
        if "window" not in OPTIONS and n:
            self.send(WINDOW_UPDATE, 0, 0, number(n))
            self.send(WINDOW_UPDATE, 0, stream, number(n))

    def begun(self, stream, fields):
        path = fields.get(":path", "")
        if fields[":method"] == "CONNECT":
            self.head(stream, [(":status", "200")])
        elif path == "/never-head":
            pass
        elif path == "/grpc/stream":
            log("te", fields.get("te"), fields.get("content-type"))
            self.head(stream, [(":status", "200"), ("content-type", "application/grpc")])
        elif path == "/expect" and fields.get("expect"):
            self.head(stream, [(":status", "100")])
        elif path.startswith("/early/"):
            self.on_do(stream, path)
        elif path == "/unwanted":
            self.head(stream, [(":status", "413")], end=True)
            self.reset(stream, 0)

    def open(self, stream, n):
        if stream == 0:
            self.window += n
        else:
            self.stream_window[stream] = self.stream_window.get(stream, self.initial) + n
        for waiting in list(self.waiting):
            self.pour(waiting)

    def pour(self, stream):
        while self.waiting[stream]:
            n = min(16384, self.waiting[stream], self.window, self.stream_window[stream])
            if n <= 0:
                log("stopped", self.requests[stream][":path"])
                return
            self.waiting[stream] -= n
            self.window -= n
            self.stream_window[stream] -= n
            self.send(DATA, 0 if self.waiting[stream] else END_STREAM, stream, b"x" * n)
        del self.waiting[stream]
        log("poured", self.requests[stream][":path"])

    def ended(self, stream, path):
        if self.share and len(self.requests) >= self.share:
            if len(self.requests) > self.share:
                return
            self.goaway(stream)
        name = path.lstrip("/").split("/")[0].replace("-", "_")
        fn = getattr(self, "on_" + name, None)
        if fn:
            fn(stream, path)

    # --- what each path does ---

    def on_ok(self, stream, path):
        self.answer(stream, b"ok %d" % self.n)

    def on_echo(self, stream, path):
        request = self.requests[stream]
        body = self.bodies.get(stream, b"")
        words = [request[":method"], request.get(":scheme", ""), request[":authority"], str(len(body)),
                 request.get("content-length", "-"), self.trailers.get(stream, {}).get("x-sum", "-")]
        self.answer(stream, " ".join(words).encode() + b" " + body[:20])

    on_expect = on_named = on_var = on_echo

    def on_refuse(self, stream, path):
        self.reset(stream, 7)

    def on_refuse_once(self, stream, path):
        self.reset(stream, 7) if times(path) == 1 else self.on_ok(stream, path)

    def on_reset(self, stream, path):
        self.reset(stream, 2)

    def on_reset_midway(self, stream, path):
        self.head(stream, [(":status", "200")])
        self.send(DATA, 0, stream, b"part")
        self.reset(stream, 2)

    def on_goaway(self, stream, path):
        """The first time this stream and later ones are not looked at; earlier ones go on."""
        if times(path) > 1:
            return self.on_ok(stream, path)
        self.goaway(stream - 2)
        for earlier, request in self.requests.items():
            if request[":path"] == "/hold":
                self.answer(earlier, b"held %d" % self.n)

    def on_goaway_error(self, stream, path):
        self.goaway(stream, CALM, b"calm down")
        self.close()

    def on_cut(self, stream, path):
        self.head(stream, [(":status", "200"), ("content-length", "10")])
        self.send(DATA, 0, stream, b"short")
        self.close()

    def on_close(self, stream, path):
        self.close()

    def on_close_once(self, stream, path):
        self.close() if times(path) == 1 else self.on_ok(stream, path)

    def on_short(self, stream, path):
        self.answer(stream, b"short", [("content-length", "10")])

    def on_long(self, stream, path):
        self.answer(stream, b"longer", [("content-length", "2")])

    def on_bad(self, stream, path):
        heads = {
            "connection": [(":status", "200"), ("connection", "close")],
            "transfer": [(":status", "200"), ("transfer-encoding", "chunked")],
            "capital": [(":status", "200"), ("X-Big", "1")],
            "nostatus": [("x-a", "1")],
            "zero": [(":status", "000")],
            "twice": [(":status", "200"), (":status", "200")],
            "path": [(":status", "200"), (":path", "/")],
            "late": [("x-a", "1"), (":status", "200")],
            "newline": [(":status", "200"), ("x-a", "a\nb")],
            "switch": [(":status", "101")],
            "informed": [(":status", "103")],
            "huge": [(":status", "200"), ("x-a", "a" * 70000)],
        }
        block = self.coder.encode(heads[path.split("/")[2]])
        self.send(HEADERS, END_STREAM | (END_HEADERS if len(block) <= 16384 else 0), stream, block[:16384])
        for at in range(16384, len(block), 16384):
            last = at + 16384 >= len(block)
            self.send(CONTINUATION, END_HEADERS if last else 0, stream, block[at:at + 16384])

    def on_frame(self, stream, path):
        self.send(DATA, 0, 0, b"x")

    def on_push(self, stream, path):
        self.send(PUSH_PROMISE, END_HEADERS, stream, number(2) + self.coder.encode([(":path", "/p")]))

    def on_inform(self, stream, path):
        self.head(stream, [(":status", "103"), ("link", "a")])
        self.head(stream, [(":status", "103"), ("link", "b")])
        self.head(stream, [(":status", "200")])
        self.send(DATA, 0, stream, b"body")
        self.head(stream, [("x-sum", "7"), ("set-cookie", "a=b")], end=True)

    def on_many(self, stream, path):
        for _ in range(20):
            self.head(stream, [(":status", "103")])
        self.answer(stream, b"late")

    def on_head(self, stream, path):
        self.head(stream, [(":status", "200"), ("content-length", "5")], end=True)

    def on_late_end(self, stream, path):
        """A response that is whole but for its end, which /end-late sends."""
        self.head(stream, [(":status", "200"), ("content-length", "4")])
        if self.requests[stream][":method"] != "HEAD":
            self.send(DATA, 0, stream, b"body")

    def on_end_late(self, stream, path):
        for earlier, request in self.requests.items():
            if request[":path"] == "/late-end":
                self.send(DATA, END_STREAM, earlier, b"")
        self.on_ok(stream, path)

    def on_nothing(self, stream, path):
        self.head(stream, [(":status", path.split("/")[2])], end=True)

    def on_pour(self, stream, path):
        self.head(stream, [(":status", "200")])
        self.waiting[stream] = int(path.split("/")[2])
        self.pour(stream)

    def on_grpc(self, stream, path):
        """As a server of gRPC: the status stands in the trailers, or alone in the head."""
        status = [("grpc-status", "0"), ("grpc-message", "fine")]
        if path == "/grpc/fail":
            return self.head(stream, [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")],
                             end=True)
        if path == "/grpc/unary":
            self.head(stream, [(":status", "200"), ("content-type", "application/grpc")])
            self.send(DATA, 0, stream, self.bodies.get(stream, b"")[::-1])
        self.head(stream, status, end=True)

    def on_begin(self, stream, path):
        self.head(stream, [(":status", "200")])
        self.send(DATA, 0, stream, b"begun")

    def on_settings(self, stream, path):
        """Fewer streams from now on."""
        self.send(SETTINGS, 0, 0, struct.pack(">HI", 3, int(path.split("/")[2])))
        self.on_ok(stream, path)

    def on_do(self, stream, path):
        """Whatever stands in /do/STEP,STEP…; with /once behind it only the first time."""
        if path.endswith("/once") and times(path) > 1:
            return self.on_ok(stream, path)
        for step in path.split("/")[2].split(","):
            name, *words = step.split(":")
            getattr(self, "do_" + name)(stream, *words)

    def do_head(self, stream):
        self.head(stream, [(":status", "200")])

    def do_data(self, stream, text):
        self.send(DATA, 0, stream, text.encode())

    def do_end(self, stream):
        self.send(DATA, END_STREAM, stream)

    def do_answer(self, stream):
        self.on_ok(stream, "")

    def do_trailers(self, stream):
        self.head(stream, [("x-sum", "7")], end=True)

    def do_reset(self, stream, code):
        self.reset(stream, int(code))

    def do_goaway(self, stream, delta, code="0"):
        """The last stream counts from this one; `all`: every one that there can be."""
        self.goaway(2**31 - 1 if delta == "all" else stream + int(delta), int(code))

    def do_close(self, stream):
        self.close()

    def do_wait(self, stream, ms):
        time.sleep(int(ms) / 1000)

    def do_settings(self, stream, *words):
        """Pairs of a number and a value."""
        pairs = list(zip(map(int, words[::2]), map(int, words[1::2])))
        for key, value in pairs:
            if key == 1:
                self.table = value
        self.send(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))

    def do_frame(self, stream, kind, where, payload=""):
        self.send(int(kind), 0, stream if where == "here" else 0, bytes.fromhex(payload))

    # --- windows that shrink while a body comes ---

    def shrink(self, stream, n):
        """The first piece makes the window of each stream 100 bytes; then a little is given at a time."""
        left = self.left.setdefault(stream, 65535) - n
        self.left[stream] = left
        if left < 0 and self.shrunk != 1:
            log("violated", left)
        if self.shrunk == 0:
            self.shrunk = 1
            self.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 100))
        elif self.shrunk == 2:
            self.give_more(stream)

    def is_acknowledged(self):
        if self.table is not None:
            self.decoder.max_allowed_table_size = self.table
        if self.shrunk != 1:
            return
        self.shrunk = 2
        for stream in self.left:
            self.left[stream] += 100 - 65535
            log("shrunk below zero", self.left[stream] < 0)
            self.give_more(stream)

    def give_more(self, stream):
        n = 5000 - self.left[stream]
        if n >= 5000:
            self.left[stream] += n
            self.send(WINDOW_UPDATE, 0, 0, number(n))
            self.send(WINDOW_UPDATE, 0, stream, number(n))

    on_shrink = on_echo

    def on_flood(self, stream, path):
        """One thing, over and over, until the client has had enough."""
        name = path.split("/")[2]
        one = {"settings": frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)), "ping": frame(PING, 0, 0, b"12345678"),
               "data": frame(DATA, 0, stream), "padding": frame(DATA, 8, stream, b"\xff" + bytes(255)),
               "goaway": frame(GOAWAY, 0, 0, number(stream) + number(0)), "continuation": frame(CONTINUATION, 0, stream),
               "informed": frame(HEADERS, END_HEADERS, stream, b"\x08\x03103"), "beyond": frame(DATA, 0, stream, b"x"),
               "windows": frame(WINDOW_UPDATE, 0, 0, number(1)), "resets": frame(RST_STREAM, 0, stream, number(2))}
        if name == "continuation":
            self.head(stream, [(":status", "200")], flags=0)
        elif name == "fields":   # many references to one long field of the table
            self.head(stream, [(":status", "200")], flags=0)
            self.send(CONTINUATION, END_HEADERS, stream, b"\x40\x01a\x7f\x81\x1e" + b"b" * 4000 + b"\xbe" * 12000)
            return
        elif name == "beyond":   # the client resets a stream that is longer than it said
            self.head(stream, [(":status", "200"), ("content-length", "0")])
        elif name != "informed":
            self.head(stream, [(":status", "200")])
        while True:
            self.sock.sendall(one[name] * 1000)


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    with open(sys.argv[1] + ".new", "w") as f:
        f.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Connection(sock).run, daemon=True).start()


main()
