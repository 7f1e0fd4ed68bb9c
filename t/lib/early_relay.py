# early_relay.py FROM TO FILE: between a client of TLS 1.3 on port FROM and the server on port TO, for one connection. What
# the client sends behind its first record of data, which is early, is held back until FILE is there. Prints a line when
# it listens.
import os
import select
import socket
import sys

DATA = 23  # the type of such records

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
client, _ = listener.accept()
server = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
pending = b""
has_data = False
is_open = {client: True, server: True}


def records():
    """Passes whole records on, as long as they may go."""
    global pending, has_data
    while len(pending) >= 5 and not (has_data and not os.path.exists(sys.argv[3])):
        size = 5 + int.from_bytes(pending[3:5], "big")
        if len(pending) < size:
            return
        server.sendall(pending[:size])
        has_data = has_data or pending[0] == DATA
        pending = pending[size:]


while is_open[server]:
    for s in select.select([s for s in is_open if is_open[s]], [], [], 0.02)[0]:
        data = s.recv(65536)
        is_open[s] = data != b""
        if s is server:
            client.sendall(data)
        else:
            pending += data
    records()
    if not is_open[client] and not pending:
        break
