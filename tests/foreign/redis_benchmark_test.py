#!/usr/bin/env python3
"""redis-benchmark runs clean against a cluster of three nodes, and its writes are really there."""

import re
import subprocess

from foreign_cluster import ForeignClusterTest, main
from resp_client import RespClient

REQUESTS = 200_000
PATIENCE = 300


class RedisBenchmarkTest(ForeignClusterTest):
    def benchmark(self, node, *flags):
        """The tests that redis-benchmark reported, by name, with their requests per second."""
        done = subprocess.run(
            ["redis-benchmark", "-h", "127.0.0.1", "-p", str(self.ports[node]), "-q", *flags],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
            check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertNotRegex(done.stdout, "(?i)error|warning")
        lines = done.stdout.replace("\r", "\n").splitlines()
        found = [re.match(r"(.+): ([0-9.]+) requests per second", line) for line in lines]
        return {match[1]: float(match[2]) for match in found if match}

    def test_pipelined_writes_reads_and_increments_run_clean(self):
        rates = self.benchmark(0, "-t", "set,get,incr,mset", "-n", str(REQUESTS), "-P", "16")
        self.assertEqual(list(rates), ["SET", "GET", "INCR", "MSET (10 keys)"])
        self.assertTrue(all(rate > 0 for rate in rates.values()), rates)
        for port in self.ports:
            with RespClient(port) as client:
                self.assertEqual(client.call("GET", "counter:__rand_int__"),
                                 b"$6\r\n200000\r\n")
                self.assertEqual(client.call("STRLEN", "key:__rand_int__"), b":3\r\n")

    def test_random_keys_over_all_shards_run_clean_through_every_node(self):
        for node in range(3):
            rates = self.benchmark(node, "-t", "set,get,mset", "-n", "20000", "-r", "5000",
                                   "-P", "16", "-d", "100")
            self.assertEqual(list(rates), ["SET", "GET", "MSET (10 keys)"])

    def test_unpipelined_requests_run_clean(self):
        self.assertEqual(list(self.benchmark(1, "-t", "ping,set,get", "-n", "5000")),
                         ["PING_INLINE", "PING_MBULK", "SET", "GET"])


if __name__ == "__main__":
    main()
