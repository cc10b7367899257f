#!/usr/bin/env python3
"""Clients and tools of Redis Cluster, which find the node that leads a key by themselves."""

import subprocess

import redis
from redis.cluster import RedisCluster

from foreign_cluster import ForeignClusterTest, main

PATIENCE = 120


class ClusterClientsTest(ForeignClusterTest):

    def run_tool(self, *words):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_redis_cli_finds_the_cluster_whole(self):
        for port in self.ports:
            out = self.run_tool("redis-cli", "--cluster", "check", f"127.0.0.1:{port}")
            self.assertIn("[OK] All nodes agree about slots configuration.", out)
            self.assertIn("[OK] All 16384 slots covered.", out)

    def test_redis_benchmark_spreads_over_the_nodes(self):
        out = self.run_tool("redis-benchmark", "--cluster", "-p", str(self.ports[0]), "-n", "3000",
                            "-t", "set,get", "-P", "4", "-q")
        self.assertIn("Cluster has 3 master nodes", out)
        self.assertNotIn("Error", out)

    def test_redis_py_cluster_reads_writes_and_scans(self):
        client = RedisCluster(host="127.0.0.1", port=self.ports[0], decode_responses=True)
        self.addCleanup(client.close)
        self.assertEqual(len(client.get_nodes()), 3)
        keys = {f"pyc:{i}" for i in range(200)}
        for key in keys:
            self.assertTrue(client.set(key, key))
        for key in keys:
            self.assertEqual(client.get(key), key)
        with client.pipeline() as pipeline:
            for key in sorted(keys):
                pipeline.get(key)
            self.assertEqual(pipeline.execute(), sorted(keys))
        self.assertEqual(client.mget_nonatomic(*sorted(keys)), sorted(keys))
        one = redis.Redis(port=self.ports[1], decode_responses=True)
        self.addCleanup(one.close)
        self.assertEqual(set(one.scan_iter(match="pyc:*", count=50)), keys)
        self.assertEqual(client.cluster_info()["cluster_state"], "ok")

    def test_redis_py_runs_transactions(self):
        client = redis.Redis(port=self.ports[2], decode_responses=True)
        self.addCleanup(client.close)
        with client.pipeline() as pipeline:
            pipeline.set("{pyt}a", 1)
            pipeline.incr("{pyt}a", 4)
            pipeline.get("{pyt}a")
            self.assertEqual(pipeline.execute(), [True, 5, "5"])

        def raise_it(pipeline):
            seen = int(pipeline.get("{pyt}a"))
            pipeline.multi()
            pipeline.set("{pyt}a", seen + 1)
        self.assertEqual(client.transaction(raise_it, "{pyt}a"), [True])
        with client.pipeline() as pipeline:
            pipeline.watch("{pyt}a")
            client.set("{pyt}a", "changed")
            pipeline.multi()
            pipeline.set("{pyt}a", "lost")
            with self.assertRaises(redis.WatchError):
                pipeline.execute()
        self.assertEqual(client.get("{pyt}a"), "changed")


if __name__ == "__main__":
    main()
