"""The native protocol as a client sees it, byte by byte, for tests. See docs/PROTOCOL.md."""

import socket
import struct

GET, SET, DELETE, PING, PONG, REDIRECT, STATS, AUTH = 1, 2, 3, 4, 5, 8, 11, 12
EXECUTE, MULTI, TOPOLOGY, IDENTIFY = 32, 33, 34, 35
REDIRECT_FLAG = 0x80
OK, NOT_FOUND, ERROR, REDIRECTED, CONFLICT = 0, 1, 2, 3, 4

_REQUEST = struct.Struct(">BBBQIIqQ")
_REPLY = struct.Struct(">BBBQIIqQII")


class Reply:
    """One reply frame, taken apart."""

    def __init__(self, body):
        (_, _, self.status, self.id, key, value, self.ttl, self.version, error,
         address) = _REPLY.unpack_from(body)
        self.epoch = self.version >> 40  # See src/model/version.h.
        at = _REPLY.size + key
        self.value = body[at:at + value]
        at += value
        self.error = body[at:at + error].decode()
        at += error
        self.address = body[at:at + address].decode()


def request(command, key=b"", value=b"", ttl=0, version=0, number=1):
    """The bytes of one request."""
    body = _REQUEST.pack(0xAE, 1, command, number, len(key), len(value), ttl, version)
    body += key + value
    return struct.pack(">I", len(body)) + body


class Client:
    """A blocking connection."""

    def __init__(self, port, timeout=60, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next reply; None at the end of the stream."""
        length = self.stream.read(4)
        if len(length) < 4:
            return None
        return Reply(self.stream.read(struct.unpack(">I", length)[0]))

    def call(self, *arguments, **named):
        self.send(request(*arguments, **named))
        return self.receive()
