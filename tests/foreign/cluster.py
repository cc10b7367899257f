"""A cluster of aegis processes on loopback, for tests: start, kill, restart, wait.

    with Cluster(3, binary) as cluster:
        cluster.start()
        ...cluster.nodes[0].port...

Ports are free ones of this machine. Every wait is for something to become true, ends early when a
process dies, and has a deadline. Whatever ends a test, the processes end too: at the end of the
"with", and by the kernel should the test itself be killed.
"""

import ctypes
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

HOST = "127.0.0.1"
PORTS = range(10_000, 32_000)
PORTS_OF_A_BLOCK = 40
READY_PATIENCE = 60.0  # Seconds until a started node must be ready.
LEAVE_PATIENCE = 90.0  # Seconds until a node that was asked to leave must be gone.
HTTP_PATIENCE = 20.0  # Seconds that a node may take to answer at its health port.
LOOK_AGAIN = 0.05  # Seconds between two looks at something that is not true yet.

# What nodes keep lies in memory: a disk that is busy with somebody else's work may take a second
# for an fsync, and what is tested here are the nodes. (Kills lose no more for it: only a machine
# that fails would.)
MEMORY = "/dev/shm" if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK) else None

# Flags of nodes of which none is to lose its lease: that a busy machine held one up for a second or
# two moves no leader. What is asked waits meanwhile. After a kill it takes as long to fail over, so
# this is not for tests that wait for that.
STEADY = ("--lease-duration", "5s", "--lease-silence", "4s")

# What a command is answered that was certainly not carried out, and may be sent again.
REFUSALS = ("CLUSTERDOWN", "TRYAGAIN")

# Straight to the node, whatever proxy the environment names.
_http = urllib.request.build_opener(urllib.request.ProxyHandler({}))

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def die_with_parent():
    """For Popen's preexec_fn: the kernel ends the child when this process ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _claimed_ports():
    """Ports that no other process of these tests is given, each once.

    They lie below those that the kernel gives to whoever asks for any, so no connection takes one
    between the look and the use. Whoever holds the name of a block has its ports; the kernel takes
    the name back when the process ends.
    """
    blocks = list(range(PORTS.start, PORTS.stop, PORTS_OF_A_BLOCK))
    random.shuffle(blocks)  # Or else everybody would try the same ones first.
    for first in blocks:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0aegis-test-ports-{first}")
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        yield from range(first, first + PORTS_OF_A_BLOCK)


_claims = []  # Open as long as this process runs.
_ports = _claimed_ports()
_giving = threading.Lock()


def _is_free(port):
    """Whether a process could listen there, for both TCP and UDP."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                return False
    return True


def free_ports(count):
    """Ports that were free for both TCP and UDP a moment ago, and that nobody else is given."""
    with _giving:
        ports = list(itertools.islice(filter(_is_free, _ports), count))
    if len(ports) < count:
        raise AssertionError(f"no ports left between {PORTS.start} and {PORTS.stop}")
    return ports


def wait_until(condition, what, patience=READY_PATIENCE):
    """Returns condition()'s first true answer; AssertionError says `what` did not come."""
    deadline = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s in vain for: {what}")
        time.sleep(LOOK_AGAIN)


def wait_replicated(nodes):
    """Waits until every shard's followers hold all that their leader wrote."""
    def behind():
        for node in nodes:
            for shard in node.status()["shards"]:
                followers = shard["followers"]
                if shard["role"] == "leader" and (
                        len(followers) < len(nodes) - 1 or
                        any(not f["in_sync"] or f["lag_records"] for f in followers)):
                    return f"{node.name}: {shard}"
        return ""
    try:
        wait_until(lambda: not behind(), "all followers in sync", 120)
    except AssertionError as error:
        raise AssertionError(f"{error}; {behind()}") from None


class Node:
    """One aegis process: its ports, its data, its log."""

    def __init__(self, name, binary, directory, ports, flags, host=HOST):
        self.name = name
        self.host = host
        self.environment = None  # Of the process; None: that of the test.
        self.port, self.gossip_port, self.http_port = ports
        self.memcached_port = None  # None: off.
        self.data_dir = directory / name
        self.log_path = directory / f"{name}.log"
        self.process = None
        self._binary = binary
        self._flags = list(flags)
        self._seeds = []

    def start(self, seeds, bootstrap_expect):
        """Starts the process; `seeds` are nodes, it may be one of them."""
        self._seeds = [
            "--seeds", ",".join(f"{node.host}:{node.gossip_port}" for node in seeds),
            "--bootstrap-expect", str(bootstrap_expect),
        ] if len(seeds) > 1 else []
        self.restart()

    def restart(self):
        """Starts the process again, with the same flags and the same data directory."""
        assert not self.running(), f"{self.name} is still running"
        command = [
            str(self._binary),
            "--node-id", self.name,
            "--bind", f"{self.host}:{self.port}",
            "--gossip", f"{self.host}:{self.gossip_port}",
            "--health-addr", f"{self.host}:{self.http_port}",
            "--data-dir", str(self.data_dir),
            *self._memcached(),
            *self._seeds,
            *self._flags,
        ]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment, preexec_fn=die_with_parent)

    def _memcached(self):
        port = self.memcached_port
        return ["--memcached-addr", f"{self.host}:{port}"] if port else []

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, number=signal.SIGKILL):
        """Sends a signal; after SIGKILL, waits for the end, and after SIGSTOP until no thread of
        the process runs any more."""
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()
        if number == signal.SIGSTOP:
            threads = Path(f"/proc/{self.process.pid}/task")
            wait_until(lambda: all(") T " in (thread / "stat").read_text()
                                   for thread in threads.iterdir()), f"{self.name} to stop")

    def leave(self):
        """Asks the node to leave the cluster; its exit status."""
        self.process.terminate()
        return self.process.wait(timeout=LEAVE_PATIENCE)

    def http(self, path):
        """(status, body) of a GET on the health port; (0, "") if it does not answer."""
        try:
            url = f"http://{self.host}:{self.http_port}{path}"
            with _http.open(url, timeout=HTTP_PATIENCE) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def status(self):
        """/status as an object; a node that is held up gets the time to answer."""
        def answered():
            assert self.running(), f"{self.name} ended by itself:\n{self.log()}"
            code, body = self.http("/status")
            return body if code == 200 else None
        return json.loads(wait_until(answered, f"{self.name} to answer /status"))

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_ready(self, patience=READY_PATIENCE):
        last = [""]

        def ready():
            assert self.running(), f"{self.name} ended by itself:\n{self.log()}"
            code, last[0] = self.http("/ready")
            return code == 200

        try:
            wait_until(ready, f"{self.name} ready", patience)
        except AssertionError as error:
            raise AssertionError(f"{error}\n/ready says: {last[0]}\n{self.log()}") from None


class Cluster:
    """`n` nodes, named node1.. and numbered from 0."""

    def __init__(self, n, binary, base_dir=None, flags=(), max_memory="256", memcached=False):
        self._own_dir = base_dir is None
        self.directory = Path(base_dir or tempfile.mkdtemp(prefix="aegis-cluster-", dir=MEMORY))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.nodes = self.make_nodes(n, binary, ["--max-memory", max_memory, *flags])
        for node, port in zip(self.nodes, free_ports(n) if memcached else ()):
            node.memcached_port = port

    def make_nodes(self, n, binary, flags):
        ports = free_ports(3 * n)
        return [Node(f"node{i + 1}", binary, self.directory, ports[3 * i:3 * i + 3], flags)
                for i in range(n)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def ports(self):
        return [node.port for node in self.nodes]

    def start(self):
        """Starts every node and waits until all are ready."""
        for node in self.nodes:
            node.start(self.nodes, len(self.nodes))
        for node in self.nodes:
            node.wait_ready()

    def start_settled(self):
        """Starts every node, and waits until they lead what they are going to lead: every one of
        them some shards, all agreeing, and every copy in sync."""
        self.start()
        self.wait_settled()
        wait_until(lambda: len({shard["leader"] for shard in self.nodes[0].status()["shards"]})
                   == len(self.nodes), "every node to lead something")
        self.wait_settled()

    def wait_settled(self, without=(), patience=120):
        """Waits until all nodes, but those numbered in `without`, agree on the leader and the
        replicas of every shard, and every follower is in sync."""
        living = [node for i, node in enumerate(self.nodes) if i not in without]
        names = {node.name for node in living}

        def unsettled():
            """What is not settled yet; empty if nothing."""
            leaders = None
            for node in living:
                shards = node.status()["shards"]
                seen = [shard["leader"] for shard in shards]
                if not set(seen) <= names:
                    return f"{node.name} sees leaders {sorted(map(str, set(seen)))}"
                if leaders is not None and seen != leaders:
                    return f"{node.name} and {living[0].name} see other leaders"
                leaders = seen
                for number, shard in enumerate(shards):
                    followers = [f for f in shard["followers"] if f["node"] in names]
                    ready = followers and all(f["in_sync"] for f in followers)
                    if shard["role"] == "leader" and not ready:
                        return f"{node.name}: shard {number} has followers {shard['followers']}"
            return ""

        last = [""]

        def settled():
            last[0] = unsettled()
            return not last[0]

        try:
            wait_until(settled, "a settled cluster", patience)
        except AssertionError as error:
            raise AssertionError(f"{error}; {last[0]}") from None

    def kill(self, i, number=signal.SIGKILL):
        self.nodes[i].kill(number)

    def restart(self, i):
        self.nodes[i].restart()

    def wait_ready(self, i, patience=READY_PATIENCE):
        self.nodes[i].wait_ready(patience)

    def stop(self):
        """Ends every process, whatever state it is in, and removes the data."""
        for node in self.nodes:
            if node.running():
                node.kill()
        if self._own_dir:
            shutil.rmtree(self.directory, ignore_errors=True)
