"""RESP as a client sees it, for tests: commands out, replies in, and raw bytes both ways."""

import socket


class ReplyError(Exception):
    """An error reply; its text is the server's."""


def command(*arguments):
    """The bytes of one command."""
    parts = [a if isinstance(a, bytes) else str(a).encode() for a in arguments]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


class Client:
    """A blocking connection."""

    def __init__(self, port, timeout=60, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.stream = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next reply: bytes, int, list or None; an error reply is returned as ReplyError.
        EOFError at the end of the stream."""
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return ReplyError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if rest == b"-1":
                return None
            return self.stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            if rest == b"-1":
                return None
            return [self.receive() for _ in range(int(rest))]
        raise AssertionError(f"not a RESP2 reply: {line!r}")

    def call(self, *arguments):
        self.send(command(*arguments))
        return self.receive()

    def at_end(self):
        """Waits for the end of the stream. False: there was more."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True
