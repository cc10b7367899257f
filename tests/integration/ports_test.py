"""Ports of the tests themselves: parallel tests never fight for one."""

import subprocess
import sys
import unittest
from pathlib import Path

import harness

ASK = """
import sys
sys.path.insert(0, sys.argv[1])
import cluster
print(*cluster.free_ports(100), flush=True)
sys.stdin.read()
"""


class Ports(unittest.TestCase):

    def test_a_process_is_given_each_port_once(self):
        ports = harness.free_ports(2) + harness.free_ports(300)
        self.assertEqual(len(set(ports)), 302)

    def test_two_processes_are_never_given_the_same(self):
        asking = [self.ask() for _ in range(20)]
        given = [int(port) for process in asking for port in process.stdout.readline().split()]
        self.assertEqual(len(given), 2000)
        self.assertEqual(len(set(given)), 2000)

    def test_none_is_one_that_the_kernel_gives_away(self):
        first = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]
        self.assertLess(max(harness.free_ports(1000)), int(first))

    def ask(self):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, "-c", ASK, str(Path(harness.cluster_module.__file__).parent)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.communicate)
        return process


if __name__ == "__main__":
    harness.main()
