"""As little of a RESP client as a comparison needs: commands out, the bytes of each reply back."""

import socket

PATIENCE = 60.0  # Seconds that a reply may take.


class RespClient:
    """One connection. Replies are whole and raw, in whatever protocol version it speaks."""

    def __init__(self, port, host="127.0.0.1"):
        self._socket = socket.create_connection((host, port), timeout=PATIENCE)
        self._reader = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._reader.close()
        self._socket.close()

    def call(self, *words):
        """Sends one command and returns its raw reply."""
        self.send(words)
        return self.read()

    def send(self, *commands):
        self._socket.sendall(b"".join(encode(command) for command in commands))

    def send_raw(self, data):
        self._socket.sendall(data)

    def read(self):
        """The bytes of the next reply; b"" at the end of the stream."""
        line = self._reader.readline()
        if not line:
            return b""
        assert line.endswith(b"\r\n"), f"a line that does not end: {line!r}"
        kind, size = line[:1], line[1:-2]
        if kind in b"$=" and size != b"-1":
            return line + self._exactly(int(size) + 2)
        if kind in b"*~>" and size != b"-1":
            return line + b"".join(self.read() for _ in range(int(size)))
        if kind == b"%":
            return line + b"".join(self.read() for _ in range(2 * int(size)))
        assert kind in b"+-:$*_,#", f"not a reply: {line!r}"
        return line

    def _exactly(self, size):
        data = self._reader.read(size)
        assert len(data) == size, "the connection ended within a reply"
        return data


def encode(words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(
        b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
