"""Three nodes: what is about all keys, and what runs as one, from any of them."""

import unittest

import harness
import resp

KEYS = 500


class AllKeysTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(3, harness.BINARY, flags=harness.STEADY)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start_settled()
        cls.nodes = cls.cluster.nodes

    def setUp(self):
        self.clients = [resp.Client(node.port) for node in self.nodes]
        for client in self.clients:
            self.addCleanup(client.close)
        self.assertEqual(self.clients[0].call("FLUSHALL"), b"OK")

    def fill(self):
        for i in range(KEYS):
            self.assertEqual(self.clients[i % 3].call("SET", f"k{i}", "v"), b"OK")
        return {f"k{i}".encode() for i in range(KEYS)}

    def test_a_scan_may_go_on_at_another_node(self):
        keys = self.fill()
        found = []
        cursor = b"0"
        calls = 0
        while True:
            cursor, some = self.clients[calls % 3].call("SCAN", cursor, "COUNT", "20")
            found += some
            calls += 1
            if cursor == b"0":
                break
        self.assertEqual(set(found), keys)
        self.assertEqual(len(found), len(keys), "nothing changed meanwhile")
        self.assertLess(calls, 100)

    def test_every_node_counts_lists_and_picks_all_keys(self):
        keys = self.fill()
        for client in self.clients:
            self.assertEqual(client.call("DBSIZE"), KEYS)
            self.assertEqual(set(client.call("KEYS", "*")), keys)
            self.assertEqual(set(client.call("KEYS", "k1?")), {k for k in keys
                                                               if len(k) == 3 and k[1:2] == b"1"})
            self.assertIn(client.call("RANDOMKEY"), keys)

    def test_a_flush_at_one_node_empties_all_and_their_copies(self):
        self.fill()
        self.assertEqual(self.clients[1].call("FLUSHALL", "ASYNC"), b"OK")
        harness.wait_replicated(self.nodes)
        for client in self.clients:
            self.assertEqual(client.call("DBSIZE"), 0)
            self.assertEqual(client.call("SCAN", "0")[1], [])
            self.assertIsNone(client.call("RANDOMKEY"))

    def test_a_transaction_runs_at_whichever_node_leads_its_keys(self):
        for i, client in enumerate(self.clients):
            for node in self.nodes:
                tag = harness.key_led_by(self.nodes[0], node.name)
                tag = tag.decode() if isinstance(tag, bytes) else tag
                a, b = f"{{{tag}}}a{i}", f"{{{tag}}}b{i}"
                self.assertEqual(client.call("WATCH", a), b"OK")
                self.assertEqual(client.call("MULTI"), b"OK")
                self.assertEqual(client.call("SET", a, "1"), b"QUEUED")
                self.assertEqual(client.call("INCRBY", b, "5"), b"QUEUED")
                self.assertEqual(client.call("GET", a), b"QUEUED")
                self.assertEqual(client.call("EXEC"), [b"OK", 5, b"1"])
                self.assertEqual(client.call("DEL", a, b), 2)

    def test_a_watched_key_that_changed_at_another_node_stops_the_transaction(self):
        for client in self.clients:
            for node in self.nodes:
                tag = harness.key_led_by(self.nodes[0], node.name)
                tag = tag.decode() if isinstance(tag, bytes) else tag
                key = f"{{{tag}}}w"
                self.assertEqual(client.call("WATCH", key), b"OK")
                self.clients[1].call("SET", key, "x")
                client.call("MULTI")
                client.call("SET", key, "mine")
                self.assertIsNone(client.call("EXEC"))
                self.assertEqual(client.call("GET", key), b"x")

    def test_redis_cluster_sees_the_slots_and_their_leaders(self):
        slots = self.clients[2].call("CLUSTER", "SLOTS")
        covered = sum(last - first + 1 for first, last, *_ in slots)
        self.assertEqual(covered, 16384)
        ports = {entry[2][1] for entry in slots}
        self.assertEqual(ports, {node.port for node in self.nodes})
        self.assertIn(b"cluster_state:ok", self.clients[0].call("CLUSTER", "INFO"))


class RedirectTest(unittest.TestCase):

    def test_a_node_that_redirects_names_the_leader(self):
        cluster = harness.Cluster(3, harness.BINARY, flags=("--redirect", "moved", *harness.STEADY))
        self.addCleanup(cluster.stop)
        cluster.start_settled()
        key = harness.key_led_by(cluster.nodes[0], cluster.nodes[1].name)
        client = resp.Client(cluster.nodes[0].port, timeout=30)
        self.addCleanup(client.close)
        slot = client.call("CLUSTER", "KEYSLOT", key)
        self.assertEqual(str(client.call("SET", key, "v")),
                         f"MOVED {slot} 127.0.0.1:{cluster.nodes[1].port}")
        other = resp.Client(cluster.nodes[1].port, timeout=30)
        self.addCleanup(other.close)
        self.assertEqual(other.call("SET", key, "v"), b"OK")
        self.assertEqual(client.call("DBSIZE"), 1)


if __name__ == "__main__":
    harness.main()
