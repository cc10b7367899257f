"""Real nodes on a private network, and what can happen to them.

    cluster = NetnsCluster(5, binary)
    cluster.start()
    cluster.kill(0)                              # kill -9; cluster.restart(0) with its data
    cluster.pause(1); cluster.resume(1)          # SIGSTOP, SIGCONT
    cluster.network.partition([0, 1], [2, 3, 4])
    cluster.nodes[2].clock_rate = 1.05           # Before it is started: its clocks run too fast.
    cluster.nodes[3].use_small_disk(8 << 20)     # Likewise; then fill_disk() and free_disk().
    cluster.stop()

The test is outside all partitions: it reaches every node. A client inside one is made with
`with cluster.nodes[0].namespace:`. For the network see netns.py, for the processes cluster.py.
"""

import atexit
import errno
import glob
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import harness
import netns
import resp

_cluster = harness.cluster_module
CLOCK_RATE_LIBRARY = harness.BUILD_DIR / "tests" / "libaegis_clock_rate.so"
PORTS = (6379, 7946, 8080)  # RESP and native, gossip, health: every node has an address of its own.


def _remove_left_behind():
    """Disks and directories of tests that were killed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in netns.left_behind(mounts):
        subprocess.run(["umount", "--lazy", mount], check=False, stderr=subprocess.DEVNULL)
    for directory in netns.left_behind(glob.glob(f"{tempfile.gettempdir()}/aegis-*-cluster-*")):
        shutil.rmtree(directory, ignore_errors=True)


class NetnsNode(_cluster.Node):
    """A node in a namespace of its own."""

    def __init__(self, namespace, *arguments, **named):
        super().__init__(*arguments, **named)
        self.namespace = namespace
        self.clock_rate = 1.0  # Of all its clocks, from the next start on.
        self._small_disk = False

    def restart(self):
        self.environment = None
        if self.clock_rate != 1.0:
            assert CLOCK_RATE_LIBRARY.exists(), "build the target aegis_clock_rate"
            # A sanitizer's runtime would insist on being the first library.
            options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            self.environment = {**os.environ, "LD_PRELOAD": str(CLOCK_RATE_LIBRARY),
                                "AEGIS_CLOCK_RATE": str(self.clock_rate), "ASAN_OPTIONS": options}
        with self.namespace:
            super().restart()

    def client(self, timeout=60):
        """A RESP connection from the test to the node."""
        return resp.Client(self.port, timeout, self.host)

    def use_small_disk(self, size):
        """Puts the data directory on a disk of `size` bytes. Before the first start."""
        assert not self._small_disk
        self.data_dir.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "aegis-test",
                        str(self.data_dir)], check=True)
        self._small_disk = True

    def fill_disk(self):
        """Leaves no byte free."""
        assert self._small_disk
        with open(self._filler(), "ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error

    def free_disk(self):
        self._filler().unlink()

    def remove_disk(self):
        if self._small_disk:
            subprocess.run(["umount", "--lazy", str(self.data_dir)], check=True)
            self._small_disk = False

    def _filler(self):
        return self.data_dir / "filler-of-the-test"


class NetnsCluster(_cluster.Cluster):
    """`n` nodes, named node1.. and numbered from 0, host i of `network` being node i."""

    def __init__(self, n, binary, flags=(), wired=False):
        self.network = netns.Network(n, wired)
        _remove_left_behind()
        directory = tempfile.mkdtemp(prefix=f"aegis-{os.getpid()}-cluster-")
        atexit.register(self.stop)
        super().__init__(n, binary, directory, flags)

    def make_nodes(self, n, binary, flags):
        return [NetnsNode(self.network.namespaces[i], f"node{i + 1}", binary, self.directory,
                          PORTS, flags, host=self.network.address(i)) for i in range(n)]

    def pause(self, i):
        """Stops the process; when this returns, none of its threads runs any more."""
        self.kill(i, signal.SIGSTOP)

    def resume(self, i):
        self.kill(i, signal.SIGCONT)

    @property
    def addresses(self):
        """(host, port) of every node, for clients."""
        return [(node.host, node.port) for node in self.nodes]

    def stop(self):
        """Ends every process and removes network, disks and data. May be called again."""
        atexit.unregister(self.stop)
        super().stop()
        for node in self.nodes:
            node.remove_disk()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.network.close()
