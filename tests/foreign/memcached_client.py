"""As little of a memcached client as a comparison needs: requests out, the bytes of each reply
back."""

import socket

PATIENCE = 60.0  # Seconds that a reply may take.


class MemcachedClient:
    """One connection. Replies are whole and raw."""

    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self._reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def call(self, data):
        """Sends one request that is answered, and returns its raw reply."""
        self.send(data)
        return self.read()

    def everything(self, data):
        """Sends requests, and returns all that is answered to them, whatever that is."""
        if data == b"mn\r\n":
            return self.call(data)  # Its answer would be taken for that of the mark behind it.
        self.send(data + b"mn\r\n")
        answer = b""
        while not answer.endswith(b"MN\r\n"):
            piece = self._reader.read1(65536)
            if not piece:
                return answer + b"<end>"
            answer += piece
        return answer[:-4]

    def read(self):
        """The bytes of the next reply; b"" at the end of the stream."""
        line = self._reader.readline()
        reply = self._item(line)
        while line.startswith((b"VALUE ", b"STAT ")):
            line = self._reader.readline()
            reply += self._item(line)
        return reply

    def _item(self, line):
        """A line, and the data block behind it if it has one."""
        assert not line or line.endswith(b"\r\n"), f"a line that does not end: {line!r}"
        words = line.split()
        if words and words[0] == b"VALUE":
            return line + self._exactly(int(words[3]) + 2)
        if words and words[0] == b"VA":
            return line + self._exactly(int(words[1]) + 2)
        return line

    def at_end(self):
        return self._reader.read(1) == b""

    def _exactly(self, size):
        data = self._reader.read(size)
        assert len(data) == size, "the connection ended within a reply"
        return data
