#!/usr/bin/env python3
"""pymemcache (Debian's python3-pymemcache), as applications use it, against every node."""

import threading

from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheClientError

from cluster import HOST, wait_until
from foreign_cluster import ForeignClusterTest, main


class PymemcacheTest(ForeignClusterTest):
    memcached = True

    def client(self, node, kind=Client, **options):
        port = self.cluster.nodes[node].memcached_port
        client = kind((HOST, port), timeout=60, default_noreply=False, **options)
        self.addCleanup(client.close)
        return client

    def test_values_written_through_one_node_are_read_through_another(self):
        self.assertTrue(self.client(0).set("py:a", b"\x00\xff binary \r\n"))
        self.assertEqual(self.client(2).get("py:a"), b"\x00\xff binary \r\n")
        self.assertIsNone(self.client(1).get("py:none"))
        self.assertTrue(self.client(1).delete("py:a"))
        self.assertFalse(self.client(1).delete("py:a"))

    def test_conditions(self):
        client = self.client(0)
        self.assertTrue(client.add("py:c", "1"))
        self.assertFalse(client.add("py:c", "2"))
        self.assertFalse(client.replace("py:none", "2"))
        self.assertTrue(client.append("py:c", "+"))
        self.assertTrue(client.prepend("py:c", "-"))
        value, cas = self.client(1).gets("py:c")
        self.assertEqual(value, b"-1+")
        self.assertTrue(client.cas("py:c", "new", cas))
        self.assertFalse(self.client(2).cas("py:c", "newer", cas))
        self.assertIsNone(client.cas("py:none", "x", cas))

    def test_many_keys_at_once(self):
        pairs = {f"py:m{i}": b"%d" % i for i in range(1000)}
        self.assertEqual(self.client(0).set_many(pairs), [])
        self.assertEqual(self.client(1).get_many([*pairs, "py:none"]), pairs)
        self.assertTrue(self.client(2).delete_many(list(pairs)))
        self.assertEqual(self.client(1).get_many(pairs), {})

    def test_counters_lose_no_step_whoever_adds(self):
        self.client(0).set("py:n", "0")

        def add(node):
            client = self.client(node)
            for _ in range(500):
                client.incr("py:n", 1)
        threads = [threading.Thread(target=add, args=(node,)) for node in (0, 1, 2, 0, 1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.client(0).get("py:n"), b"3000")
        self.assertEqual(self.client(1).decr("py:n", 5000), 0)
        self.client(2).set("py:n", "x")
        with self.assertRaises(MemcacheClientError):
            self.client(2).incr("py:n", 1)

    def test_lifetimes(self):
        client = self.client(0)

        def touched():  # Within its second, or once more.
            client.set("py:u", "v", expire=1)
            return self.client(1).touch("py:u", 1000)

        wait_until(touched, "a key that is touched in time")
        client.set("py:t", "v", expire=1)
        wait_until(lambda: client.get("py:t") is None, "the key to expire")
        self.assertEqual(client.get("py:u"), b"v")

    def test_what_a_client_asks_about_the_server(self):
        client = self.client(0)
        self.assertEqual(client.version(), b"1.6.18")
        stats = client.stats()
        self.assertEqual(stats[b"version"], b"1.6.18")
        self.assertGreater(stats[b"limit_maxbytes"], 0)

    def test_pools_and_noreply(self):
        pool = self.client(0, PooledClient, max_pool_size=4)
        pool.set("py:p", "v", noreply=True)
        self.assertEqual(pool.get("py:p"), b"v")

    def test_all_nodes_may_be_one_hash_ring_to_it(self):
        ring = HashClient([(HOST, node.memcached_port) for node in self.cluster.nodes],
                          timeout=60)
        self.addCleanup(ring.close)
        pairs = {f"py:h{i}": b"%d" % i for i in range(500)}
        self.assertEqual(ring.set_many(pairs, noreply=False), [])
        self.assertEqual(ring.get_many(pairs), pairs)


if __name__ == "__main__":
    main()
