"""What the tests of foreign clients share: three nodes, and the binary from the command line."""

import sys
import unittest

from cluster import Cluster, STEADY


class ForeignClusterTest(unittest.TestCase):
    """A test case with a running cluster of three nodes in `cls.cluster`: no leader of it moves."""

    binary = None
    cluster = None
    memcached = False  # Whether clients of memcached have ports.

    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster(
            3, ForeignClusterTest.binary, flags=STEADY, memcached=cls.memcached))
        cls.cluster.start_settled()

    @property
    def ports(self):
        return self.cluster.ports


def main():
    """<test>.py path/to/aegis [unittest arguments]"""
    ForeignClusterTest.binary = sys.argv.pop(1)
    unittest.main(module="__main__")
