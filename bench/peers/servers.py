"""The servers that scripts/bench-peers compares: each started alike, on one core, with one I/O
thread, without persistence, under the same memory limit, on free ports of the loopback address.

    with Memcached(core=0) as server:
        server.targets, server.pids, server.version
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

import cluster as clusters

ROOT = Path(__file__).resolve().parent.parent.parent
AEGIS = ROOT / "build/bin/aegis"
ECHO_LOOP = ROOT / "build/bench/echo-loop"
MEMORY_MB = 2048
ANSWER_PATIENCE = 20.0

# What a load can be sent to: how it is called in tables, what it speaks, and whether it keeps what
# it is told.
Target = namedtuple("Target", "label addresses protocol keeps")


@contextlib.contextmanager
def on_core(core):
    """What is started within runs on this core alone, all of its threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def accepts(port):
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex((clusters.HOST, port)) == 0


def version_of(*command):
    """The first thing like 7.0.15 that a program says of itself."""
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.search(r"\d+\.\d+(\.\d+)?", said).group()


class Process:
    """One server process with one port."""

    name = binary = protocol = ""
    keeps = True

    def __init__(self, core):
        assert shutil.which(self.binary), f"{self.binary} is missing: scripts/setup bench"
        self._core = core
        self._process = None
        self.targets, self.pids = [], []
        self._directory = tempfile.mkdtemp(prefix="aegis-peer-")
        self.version = self.read_version()

    def read_version(self):
        return version_of(self.binary, "--version")

    def command(self, port):
        raise NotImplementedError

    def __enter__(self):
        (port,) = clusters.free_ports(1)
        with on_core(self._core):
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                self.command(port), cwd=self._directory, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, preexec_fn=clusters.die_with_parent)
        try:
            clusters.wait_until(lambda: self._answers(port), f"{self.name} answers",
                                ANSWER_PATIENCE)
        except AssertionError:
            self.__exit__()
            raise
        self.targets = [Target(f"{self.name} {self.version}".strip(),
                               [f"{clusters.HOST}:{port}"], self.protocol, self.keeps)]
        self.pids = [self._process.pid]
        return self

    def _answers(self, port):
        assert self._process.poll() is None, f"{self.name} ended by itself"
        return accepts(port)

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)


class Redis(Process):
    """Also Valkey, which is told the same."""

    name, binary, protocol = "Redis", "redis-server", "resp"

    def command(self, port):
        return [self.binary, "--port", str(port), "--bind", clusters.HOST, "--save", "",
                "--appendonly", "no", "--maxmemory", f"{MEMORY_MB}mb", "--io-threads", "1"]


class Valkey(Redis):
    name, binary = "Valkey", "valkey-server"


class Memcached(Process):
    name, binary, protocol = "memcached", "memcached", "memcached"

    def command(self, port):
        # As root it asks for a user; who runs this is as good as any.
        return [self.binary, "-p", str(port), "-l", clusters.HOST, "-U", "0", "-t", "1",
                "-m", str(MEMORY_MB), "-u", os.environ.get("USER", "root")]


class EchoLoop(Process):
    name, binary, protocol = "bare epoll loop", str(ECHO_LOOP), "resp"
    keeps = False

    def read_version(self):
        return ""

    def command(self, port):
        return [self.binary, "--port", str(port)]


class Aegis:
    """One node, or a cluster of several; all on one core."""

    def __init__(self, core, nodes=1):
        self._core = core
        self.version = version_of(AEGIS, "--version")
        flags = ["--threads", "1", "--log-level", "warn"]
        self._memcached_port = None
        if nodes == 1 and "--memcached-addr" in subprocess.run(
                [AEGIS, "--help"], check=True, capture_output=True, text=True).stdout:
            (self._memcached_port,) = clusters.free_ports(1)
            flags += ["--memcached-addr", f"{clusters.HOST}:{self._memcached_port}"]
        self.cluster = clusters.Cluster(nodes, AEGIS, flags=flags, max_memory=str(MEMORY_MB))

    def __enter__(self):
        with on_core(self._core):
            self.cluster.start()
        nodes = self.cluster.nodes
        addresses = [f"{node.host}:{node.port}" for node in nodes]
        self.targets = [Target("AegisKV, RESP", addresses, "resp", True),
                        Target("AegisKV, native", addresses, "native", True)]
        if self._memcached_port:
            self.targets.append(Target("AegisKV, memcached",
                                       [f"{clusters.HOST}:{self._memcached_port}"], "memcached",
                                       True))
        self.pids = [node.process.pid for node in nodes]
        return self

    def __exit__(self, *_):
        self.cluster.stop()
