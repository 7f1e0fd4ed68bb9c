#!/usr/bin/python3
"""A TLS client for t/bench/run: connections one after another, or many that are held open.

    tls_client.py PORT full|resumed SECONDS    one request on each connection; prints requests= and seconds=
    tls_client.py PORT idle N                  N connections that have asked once; prints "held N", ends with its input

TLS 1.3. A resumed handshake uses the session of the connection before it.
"""
import socket
import ssl
import sys
import time

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


def context():
    ctx = ssl.create_default_context()
    ctx.check_hostname = False
    ctx.verify_mode = ssl.CERT_NONE
    ctx.minimum_version = ssl.TLSVersion.TLSv1_3
    return ctx


def ask(ctx, port, session=None):
    plain = socket.create_connection(("127.0.0.1", port))
    conn = ctx.wrap_socket(plain, server_hostname="localhost", session=session)
    conn.sendall(REQUEST)
    answer = conn.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        sys.exit("the answer is %r" % answer[:40])
    return conn


def shake(port, seconds, resumes):
    ctx = context()
    session, count, start = None, 0, time.monotonic()
    while time.monotonic() - start < seconds:
        conn = ask(ctx, port, session if resumes else None)
        if resumes and count and not conn.session_reused:
            sys.exit("a session was not resumed")
        session = conn.session
        conn.close()
        count += 1
    print("requests=%d seconds=%.3f" % (count, time.monotonic() - start))


def hold(port, count):
    ctx = context()
    held = [ask(ctx, port) for _ in range(count)]
    print("held %d" % len(held), flush=True)
    sys.stdin.read()


if sys.argv[2] == "idle":
    hold(int(sys.argv[1]), int(sys.argv[3]))
else:
    shake(int(sys.argv[1]), float(sys.argv[3]), sys.argv[2] == "resumed")
