"""Clients that write down every call they make and what they were told, for the checker.

    recorder = RecordingClients(cluster.addresses, history_path, threads=5)
    recorder.start()
    ...faults...
    recorder.stop()
    recorder.check()          # AssertionError with the explanation if it was not linearizable

Each thread is one client: it sends a command to a random node over RESP, waits for the answer, and
sends the next. Registers (r0..) get reads, writes of values that are never written again, and
deletes; counters (c0..) get INCR and reads. Keys have no expiry and there is memory for all of
them: the checker's model knows neither expiry nor eviction.

An answer becomes an outcome by the rules of the protocol (src/node/core/resp_reply.cc):

    +OK, a value, a number        ok; a nil read and a DEL that counts 0 are not_found
    CLUSTERDOWN, TRYAGAIN,
    NOREPLICAS, OOM               unavailable: nothing happened
    UNKNOWNOUTCOME                unknown
    no answer after sending       unknown
    any other error               a failure of the test: see `surprises`
"""

import collections
import json
import random
import subprocess
import threading
import time
from pathlib import Path

import harness
import resp

CHECKER = harness.BUILD_DIR / "tests" / "aegis-check-history"
NOTHING_HAPPENED = ("CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS", "OOM")
PAUSE_AFTER_REFUSAL = 0.05  # Seconds, so that a dead node is not asked thousands of times.


class Surprise(Exception):
    """An answer that no client can make sense of."""


def outcome_of(operation, reply):
    """(outcome, result) of a reply to "get", "set", "delete" or "incr"."""
    if isinstance(reply, resp.ReplyError):
        code = str(reply).split(" ", 1)[0]
        if code in NOTHING_HAPPENED:
            return "unavailable", ""
        if code == "UNKNOWNOUTCOME":
            return "unknown", ""
    elif operation == "get" and reply is None:
        return "not_found", ""
    elif operation == "get" and isinstance(reply, bytes):
        return "ok", reply.decode()
    elif operation == "set" and reply == b"OK":
        return "ok", ""
    elif operation == "delete" and reply in (0, 1):
        return ("ok" if reply else "not_found"), ""
    elif operation == "incr" and isinstance(reply, int):
        return "ok", str(reply)
    raise Surprise(f"{operation} was answered {reply!r}")


class _Client(threading.Thread):
    """One client; `recorder` says what it may do and takes what it saw."""

    def __init__(self, recorder, number, seed):
        super().__init__(name=f"client {number}", daemon=True)
        self._recorder = recorder
        self._number = number
        self._random = random.Random(seed)
        self._connections = {}
        self._written = 0

    def run(self):
        while not self._recorder.stopping.wait(self._recorder.pause * self._random.random()):
            key = self._random.choice(self._recorder.keys)
            if not self.call(key, *self._any_operation(key)):
                time.sleep(PAUSE_AFTER_REFUSAL)
        for connection in self._connections.values():
            connection.close()

    def call(self, key, operation, argument=""):
        """Makes one call and records it. False: no node was there to send it to."""
        address = self._random.choice(self._recorder.addresses)
        connection = self._connection(address)
        if connection is None:
            return False
        command = {"get": ("GET", key), "set": ("SET", key, argument), "delete": ("DEL", key),
                   "incr": ("INCRBY", key, argument)}[operation]
        record = {"client": self._number, "key": key, "op": operation, "arg": argument,
                  "start_ns": time.monotonic_ns()}
        try:
            reply = connection.call(*command)
            end = time.monotonic_ns()
            record["ok"], record["result"] = outcome_of(operation, reply)
            record["end_ns"] = end
        except (OSError, EOFError):
            record["ok"] = "unknown"
            self._connections.pop(address).close()
        except Surprise as surprise:
            record["ok"] = "unknown"
            self._recorder.surprises.append(f"{address[0]}: {surprise}")
        self._recorder.records.append(record)
        return True

    def _connection(self, address):
        if address not in self._connections:
            try:
                self._connections[address] = resp.Client(
                    address[1], self._recorder.patience, address[0])
            except OSError:
                return None
        return self._connections[address]

    def _any_operation(self, key):
        chance = self._random.random()
        if chance < 0.5:
            return "get", ""
        if key.startswith("c"):
            return "incr", str(self._random.randint(1, 3))
        if chance < 0.6:
            return "delete", ""
        self._written += 1
        return "set", f"{self._number}-{self._written}"


class RecordingClients:
    """Several clients over the same keys, and their history."""

    def __init__(self, addresses, path, threads=5, registers=4, counters=2, pause=0.004,
                 patience=6.0, seed=1, prefix=""):
        self.addresses = list(addresses)
        self.path = Path(path)
        self.keys = ([f"r{prefix}{i}" for i in range(registers)] +
                     [f"c{prefix}{i}" for i in range(counters)])
        self.pause = pause  # Seconds between two calls of a client: at most this.
        # Seconds until an answer is given up: nodes need 4 to say that nobody leads.
        self.patience = patience
        self.stopping = threading.Event()
        self.records = []  # list.append is atomic; read it after stop().
        self.surprises = []
        self._clients = [_Client(self, i, f"{seed}-{i}") for i in range(threads)]

    def start(self):
        for client in self._clients:
            client.start()

    def run_until(self, answered):
        """Starts, lets the clients work until so many calls were answered for sure, and stops."""
        self.start()
        harness.wait_until(lambda: self.answered() >= answered, f"{answered} answers", 120)
        self.stop()

    def stop(self):
        """Ends the clients, each after its current call, and writes the history."""
        self.stopping.set()
        for client in self._clients:
            client.join()
        with open(self.path, "w", encoding="utf-8") as file:
            for record in self.records:
                file.write(json.dumps(record) + "\n")

    def answered(self, since_ns=0):
        """How many calls made since then (of time.monotonic_ns) were answered for sure."""
        return sum(record["ok"] in ("ok", "not_found") and record["start_ns"] >= since_ns
                   for record in self.records)

    def outcomes(self):
        """{outcome: number of calls}."""
        return dict(collections.Counter(record["ok"] for record in self.records))

    def check(self):
        """AssertionError if the history is not linearizable, or cannot be decided."""
        assert not self.surprises, f"{len(self.surprises)} strange answers: {self.surprises[:5]}"
        assert self.answered() > 0, f"no call was answered: {self.outcomes()}"
        verdict, text = check_history(self.path)
        assert verdict == 0, f"{self.path} with {self.outcomes()}:\n{text}"
        return text


def check_history(path):
    """(exit status, output) of aegis-check-history."""
    assert CHECKER.exists(), f"{CHECKER} is not built: build the target aegis-check-history"
    done = subprocess.run([CHECKER, path], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout
