"""Clients that write at a steady pace, all in one thread, and remember how long each waited.

    writers = PacedWriters([(b"key", node), ...])
    writers.start()
    ...
    writers.finish()
    writers.pauses(since, until)  # One per key.

Each key has one connection and one write under way on it; the next begins INTERVAL after the
answer. So what a key waited is the longest time between two successes, and the clients leave the
machine to the cluster.
"""

import itertools
import selectors
import socket
import threading
import time

import resp

INTERVAL = 0.002  # Seconds between an answer and the next write of that key.
ANSWER_PATIENCE = 20.0


class _Client:
    """One key and its connection."""

    def __init__(self, key, node, value_size):
        self.key = key
        self.padding = b"." * value_size
        self.socket = socket.create_connection((node.host, node.port), timeout=ANSWER_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.sent_at = None  # None: nothing is under way.
        self.received = b""
        self.answers = []  # (When, how long it took, whether it succeeded).

    def send(self, number, now):
        self.sent_at = now
        self.socket.sendall(resp.command("SET", self.key, b"%d%s" % (number, self.padding)))

    def take(self, now):
        """Reads what is there; the error reply, if it is one."""
        data = self.socket.recv(4096)
        assert data, f"the connection of {self.key} was closed"
        self.received += data
        if not self.received.endswith(b"\r\n"):
            return None
        reply, self.received = self.received, b""
        succeeded = reply.startswith(b"+OK")
        self.answers.append((now, now - self.sent_at, succeeded))
        self.sent_at = None
        self.due = now + INTERVAL
        return None if succeeded else reply.decode().strip()


class PacedWriters(threading.Thread):
    """`targets`: pairs of a key and the node to write it through."""

    def __init__(self, targets, value_size=0):
        super().__init__(daemon=True)
        self._clients = [_Client(key, node, value_size) for key, node in targets]
        self._stopping = threading.Event()
        self.errors = []  # What was answered instead of OK.
        self.failure = None  # Why this thread ended by itself.

    def run(self):
        try:
            self._run()
        except (AssertionError, OSError) as error:
            self.failure = f"{type(error).__name__}: {error}"

    def _run(self):
        with selectors.DefaultSelector() as selector:
            for client in self._clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            for number in itertools.count():
                now = time.monotonic()
                idle = [client for client in self._clients if client.sent_at is None]
                if self._stopping.is_set() and len(idle) == len(self._clients):
                    break
                for client in idle:
                    if now >= client.due and not self._stopping.is_set():
                        client.send(number, now)
                waiting = [client.sent_at for client in self._clients if client.sent_at]
                assert not waiting or now - min(waiting) < ANSWER_PATIENCE, "no answer in time"
                for key, _ in selector.select(INTERVAL / 2):
                    error = key.data.take(time.monotonic())
                    if error:
                        self.errors.append(error)
        for client in self._clients:
            client.socket.close()

    def finish(self):
        """Waits for what is under way, and ends."""
        self._stopping.set()
        self.join()
        assert self.failure is None, self.failure

    def all_succeeded_since(self, when):
        """Every key was written by a command sent after `when`."""
        assert self.failure is None, self.failure
        return all(
            any(succeeded and at - took > when for at, took, succeeded in client.answers[-8:])
            for client in self._clients)

    def pauses(self, since, until):
        """For each key the longest time without a success that overlaps with [since, until]."""
        longest = []
        for client in self._clients:
            successes = [at for at, _, succeeded in client.answers if succeeded]
            longest.append(max(end - begin for begin, end in itertools.pairwise(successes)
                               if end > since and begin < until))
        return longest

    def latencies(self, since, until):
        """Of all answers in between, in seconds."""
        return [took for client in self._clients
                for at, took, _ in client.answers if since <= at < until]
