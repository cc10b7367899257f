"""What the integration tests share: one node per test class, and helpers to look into it.

A test file is run by ctest once for each of its test methods:

    python3 single_node_test.py BINARY SingleNode.test_half_frames_wait_for_their_rest
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "foreign"))

import cluster as _cluster  # pylint: disable=import-error,wrong-import-position

cluster_module = _cluster
Cluster = _cluster.Cluster
wait_until = _cluster.wait_until
wait_replicated = _cluster.wait_replicated
free_ports = _cluster.free_ports
STEADY = _cluster.STEADY
REFUSALS = _cluster.REFUSALS
BINARY = sys.argv[1] if len(sys.argv) > 1 else ""
BUILD_DIR = Path(BINARY).resolve().parent.parent
if _cluster.MEMORY:
    tempfile.tempdir = _cluster.MEMORY
# Sanitizers keep shadow memory and what was freed.
SANITIZED = BINARY and any(name in Path(BINARY).read_bytes()
                           for name in (b"__asan_init", b"__tsan_init"))
MEMORY_FACTOR = 20 if SANITIZED else 1
# They also make everything several times slower.
SLOWNESS = 4 if SANITIZED else 1
# The nodes' patience with their peers is longer than usual, so that what is tested is not whether a
# slow machine, which others use as well, keeps leases of the usual length.
LEASE = 2.4 if SANITIZED else 1.2  # Seconds: --lease-duration.
os.environ["AEGIS_LEASE_DURATION"] = f"{LEASE * 1000:.0f}ms"
os.environ["AEGIS_LEASE_SILENCE"] = f"{LEASE * 500:.0f}ms"


class NodeTest(unittest.TestCase):
    """One fresh node for the class: self.node."""

    flags = ()
    memcached = False  # Whether clients of memcached have a port.

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(1, BINARY, flags=cls.flags, memcached=cls.memcached)
        cls.cluster.start()
        cls.node = cls.cluster.nodes[0]

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def tearDown(self):
        self.assertTrue(self.node.running(), self.node.log())


def aegis_cli(*words, answer=""):
    """One run of aegis-cli: its exit status and what it said."""
    done = subprocess.run([Path(BINARY).with_name("aegis-cli"), *words], input=answer, text=True,
                          timeout=120, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def resident_bytes(node):
    """What the system counts as the process' memory."""
    for line in Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def shard_of(key, shards=256):
    """As src/ring/slot.h."""
    tag = key
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            tag = key[start + 1:end]
    crc = 0
    for byte in tag:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc % 16384 * shards // 16384


def key_led_by(node, name, prefix=b"key"):
    """A key whose shard `name` leads, as `node` sees it."""
    def leaders():
        seen = [shard["leader"] for shard in node.status()["shards"]]
        return seen if name in seen else None
    seen = wait_until(leaders, f"{name} to lead something")
    for number in range(100_000):
        key = prefix + b"%d" % number
        if seen[shard_of(key)] == name:
            return key
    raise AssertionError(f"no key is in a shard that {name} leads")


def served(client, *words, again=REFUSALS):
    """The reply of a resp.Client to a command, which is sent again while the reply begins with one
    of `again`: as docs/REDIS.md has clients do while a shard has no leader. For a command that may
    be carried out twice, `again` may have UNKNOWNOUTCOME, too."""
    def reply():
        answer = client.call(*words)
        refused = isinstance(answer, Exception) and str(answer).startswith(again)
        return None if refused else [answer]
    return wait_until(reply, f"{words[0]} to be carried out")[0]


def main():
    """Runs the tests named on the command line; all of the file without names."""
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
