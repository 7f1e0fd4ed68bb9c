"""A TLS client whose records behind the handshake are made by hand. Python's ssl makes the handshake and reads; the key log tells
the keys (RFC 8446 section 7, RFC 5246 section 6.3), of suites with AES-GCM.

s = Records(port, version=(3)|2); s.send(s.record(DATA, b"GET …"), s.new_keys(), s.record(ALERT, CLOSE)); s.get(b"hello")
"""
import hashlib
import hmac
import os
import socket
import ssl
import struct
import tempfile

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHANGE, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
CLOSE = b"\1\0"


def expand(hash_, secret, info, n):
    """HKDF-Expand."""
    out = last = b""
    for i in range(1, 255):
        last = hmac.new(secret, last + info + bytes([i]), hash_).digest()
        out += last
        if len(out) >= n:
            return out[:n]


def prf(hash_, secret, seed, n):
    """P_hash of TLS 1.2."""
    out, a = b"", seed
    while len(out) < n:
        a = hmac.new(secret, a, hash_).digest()
        out += hmac.new(secret, a + seed, hash_).digest()
    return out[:n]


class Records:
    def __init__(self, port, version=3, alpn=()):
        self.version, self.sequence = version, 0
        log = tempfile.mktemp()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv1_%d" % version)
        context.set_ciphers("ECDHE+AESGCM")
        context.keylog_filename = log
        if alpn:
            context.set_alpn_protocols(alpn)
        self.sock = socket.create_connection(("127.0.0.1", port), 60)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        received = self.handshake()
        suite = self.tls.cipher()[0].replace("AES_", "AES")
        self.hash = hashlib.sha384 if suite.endswith("SHA384") else hashlib.sha256
        self.key_size = 32 if "AES256" in suite else 16
        with open(log) as file:
            secrets = {line.split()[0]: [bytes.fromhex(w) for w in line.split()[1:]] for line in file if line[0] != "#"}
        os.unlink(log)
        if version == 3:
            self.use(secrets["CLIENT_TRAFFIC_SECRET_0"][1])
        else:
            random, master = secrets["CLIENT_RANDOM"]
            block = prf(self.hash, master, b"key expansion" + received[11:43] + random, 2 * self.key_size + 8)
            self.aead, self.iv, self.sequence = AESGCM(block[:self.key_size]), block[-8:-4], 1

    def handshake(self):
        received = b""
        while True:
            try:
                self.tls.do_handshake()
                is_done = True
            except ssl.SSLWantReadError:
                is_done = False
            self.sock.sendall(self.outgoing.read())
            if is_done:
                return received
            data = self.sock.recv(65536)
            if not data:
                raise EOFError("the server has closed in the handshake")
            received += data
            self.incoming.write(data)

    def derive(self, label, n):
        label = b"tls13 " + label
        return expand(self.hash, self.secret, struct.pack(">HB", n, len(label)) + label + b"\0", n)

    def use(self, secret):
        self.secret, self.sequence = secret, 0
        self.aead, self.iv = AESGCM(self.derive(b"key", self.key_size)), self.derive(b"iv", 12)

    def record(self, kind, content=b"", padding=0):
        number = struct.pack(">Q", self.sequence)
        self.sequence += 1
        if self.version == 2:
            body = number + self.aead.encrypt(self.iv + number, content, number + struct.pack(">BHH", kind, 0x303, len(content)))
            return struct.pack(">BHH", kind, 0x303, len(body)) + body
        head = struct.pack(">BHH", DATA, 0x303, len(content) + 1 + padding + 16)
        nonce = bytes(a ^ b for a, b in zip(self.iv, b"\0" * 4 + number))
        return head + self.aead.encrypt(nonce, content + bytes([kind]) + b"\0" * padding, head)

    def new_keys(self, asks=1):
        record = self.record(HANDSHAKE, b"\x18\0\0\1" + bytes([asks]))
        self.use(self.derive(b"traffic upd", self.hash().digest_size))
        return record

    def send(self, *pieces):
        """False: the server has closed."""
        try:
            self.sock.sendall(b"".join(pieces))
            return True
        except OSError:
            return False

    def get(self, until=None):
        """What comes until `until` is in it or it ends; how that was: None, "close_notify", "end", or the library's reason."""
        got = b""
        while until is None or until not in got:
            try:
                data = self.tls.read(65536)
                if not data:
                    return got, "close_notify"
                got += data
            except ssl.SSLWantReadError:
                try:
                    data = self.sock.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    return got, "end"
                self.incoming.write(data)
            except ssl.SSLZeroReturnError:
                return got, "close_notify"
            except ssl.SSLError as e:
                return got, e.reason
        return got, None
