"""Relays TCP connections from a port of the loopback address; runs in a pod, until its input ends.

It needs nothing but the standard library of Python 3.10. Its first line of output is JSON: the
`port`, and why the target cannot be reached (`unreachable`; empty if it can).
"""

import json
import socket
import sys
import threading
from contextlib import suppress

ATTEMPTS = 2
SECONDS = 3.0


def main() -> None:
    """Try the target, listen, and relay."""
    target = (sys.argv[1], int(sys.argv[2]))
    listener = socket.create_server(("127.0.0.1", 0))
    said = {"port": listener.getsockname()[1], "unreachable": why_unreachable(target)}
    print(json.dumps(said), flush=True)
    threading.Thread(target=accept, args=(listener, target), daemon=True).start()
    sys.stdin.read()


def why_unreachable(target: tuple[str, int]) -> str:
    """Return why no connection to the target can be made; empty if one can."""
    said = ""
    for _ in range(ATTEMPTS):
        try:
            socket.create_connection(target, SECONDS).close()
        except OSError as error:
            said = str(error)
        else:
            return ""
    return said


def accept(listener: socket.socket, target: tuple[str, int]) -> None:
    """Connect every client with the target."""
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(target, SECONDS)
        except OSError:
            client.close()
            continue
        server.settimeout(None)
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what one side sends, until it ends."""
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
