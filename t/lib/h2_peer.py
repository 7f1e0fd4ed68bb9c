"""An HTTP/2 client that says whatever it is told to, rules or not. Heads are coded by hpack, which comes with python3-h2.

peer = Peer(port); peer.request(1, "/"); peer.send(); peer.read(lambda p: p.ended(1)); peer.goaway, peer.resets, peer.bodies
"""
import select
import socket
import ssl
import struct
import time

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, _, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 16
ACK = END_STREAM = 1
END_HEADERS = 4
LONGEST = 150                    # seconds; only what hangs takes so long


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def number(n):
    return struct.pack(">I", n)


class Peer:
    def __init__(self, port, settings=(), tls=None):
        sock = socket.create_connection(("127.0.0.1", port), LONGEST)
        self.sock = tls(sock) if tls else sock
        self.coder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.out, self.got = bytearray(), bytearray()
        self.closed = False
        self.goaway = None           # code of the last one
        self.goaways, self.resets, self.heads, self.bodies, self.over = [], {}, {}, {}, set()
        self.pings = []
        self.given = 65535           # window of the connection, as far as it was opened
        self.windows, self.settings = {}, {}
        self.frames = []             # (kind, flags, stream, length) of all
        payload = b"".join(struct.pack(">HI", k, v) for k, v in settings)
        self.out += b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, payload)

    def add(self, *args):
        self.out += frame(*args)
        return self

    def head(self, path, method="GET", extra=()):
        fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")]
        return self.coder.encode(fields + list(extra))

    def request(self, stream, path, method="GET", end=True, extra=()):
        return self.add(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, self.head(path, method, extra))

    def send(self, drains=True):
        """Sends what was added; reads meanwhile unless told not to. False: the server has closed."""
        self.sock.setblocking(False)
        until = time.time() + LONGEST
        while self.out and not self.closed and time.time() < until:
            readable, writable, _ = select.select([self.sock] if drains else [], [self.sock], [], 0.5)
            if readable:
                self.take()
            if writable:
                try:
                    del self.out[:self.sock.send(self.out[:65536])]
                except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    pass
                except OSError:
                    self.closed = True
            if not drains and not writable:
                break
        if self.closed:
            self.read(lambda p: False)
        return not self.closed

    def take(self):
        try:
            data = self.sock.recv(262144)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            data = b""
        if not data:
            self.closed = True
        self.got += data
        while len(self.got) >= 9:
            n = int.from_bytes(self.got[:3], "big")
            if len(self.got) < 9 + n:
                break
            kind, flags = self.got[3], self.got[4]
            stream = int.from_bytes(self.got[5:9], "big") & 0x7fffffff
            self.note(kind, flags, stream, bytes(self.got[9:9 + n]))
            del self.got[:9 + n]
        return bool(data)

    def note(self, kind, flags, stream, payload):
        self.frames.append((kind, flags, stream, len(payload)))
        if kind == DATA:
            self.bodies[stream] = self.bodies.get(stream, b"") + payload
        elif kind == HEADERS:
            self.heads.setdefault(stream, []).append(dict(self.decoder.decode(payload)))
        elif kind == RST_STREAM:
            self.resets[stream] = int.from_bytes(payload, "big")
        elif kind == GOAWAY:
            self.goaway = int.from_bytes(payload[4:8], "big")
            self.goaways.append((int.from_bytes(payload[:4], "big"), self.goaway))
        elif kind == WINDOW_UPDATE:
            self.given += int.from_bytes(payload, "big") if stream == 0 else 0
            self.windows[stream] = self.windows.get(stream, 0) + int.from_bytes(payload, "big")
        elif kind == SETTINGS:
            self.settings.update(struct.iter_unpack(">HI", payload))
        elif kind == PING and not flags & ACK:
            self.pings.append(payload)
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            self.over.add(stream)

    def ended(self, stream):
        return stream in self.over or stream in self.resets

    def read(self, done, seconds=LONGEST):
        """Reads until done(self), the end, or too late."""
        self.sock.setblocking(False)
        until = time.time() + seconds
        while not done(self) and time.time() < until:
            is_decoded = hasattr(self.sock, "pending") and self.sock.pending()
            if (is_decoded or select.select([self.sock], [], [], 0.1)[0]) and not self.take():
                break
        return self


def wait_for(holds):
    until = time.time() + LONGEST
    while not holds() and time.time() < until:
        time.sleep(0.02)


def memory(pid, what="VmRSS"):
    """MiB; 0 under a sanitizer, which keeps what was freed."""
    if "libasan" in open("/proc/%s/maps" % pid).read():
        return 0
    return int(open("/proc/%s/status" % pid).read().split(what + ":")[1].split()[0]) / 1024
