"""aegis-cli drain: a node hands over what it leads, goes on serving its clients, and waits to be
stopped."""

import time
import unittest

import harness
from paced_writers import PacedWriters
from settled import wait_settled



def drain(address, *flags):
    return harness.aegis_cli("drain", address, *flags)


class Drain(unittest.TestCase):

    def setUp(self):
        self.cluster = harness.Cluster(3, harness.BINARY, flags=harness.STEADY)
        self.addCleanup(self.cluster.stop)
        self.cluster.start()
        self.nodes = self.cluster.nodes
        wait_settled(self.nodes)
        self.victim = self.nodes[1]
        self.address = f"{self.victim.host}:{self.victim.http_port}"

    def leads(self, node):
        return [shard["leader"] for shard in self.nodes[0].status()["shards"]].count(node.name)

    def test_a_drained_node_leads_nothing_and_its_clients_notice_nothing(self):
        keys = [harness.key_led_by(self.nodes[0], self.victim.name, b"drain%d:" % i)
                for i in range(6)]
        through_all = PacedWriters([(key, self.nodes[i % 3]) for i, key in enumerate(keys)])
        through_others = PacedWriters([(key, self.nodes[2 * (i % 2)])
                                       for i, key in enumerate(keys)])
        through_all.start()
        through_others.start()
        self.assertGreater(self.leads(self.victim), 0)
        self.assertEqual(drain(self.address, "--timeout", "30s"),
                         (0, "drained: others lead what this node led, and it may be stopped\n"))
        code, why = self.victim.http("/ready")
        self.assertEqual((code, why.split(":")[0]), (503, "drained"))
        harness.wait_until(lambda: self.leads(self.victim) == 0, "the others to have heard of it")
        time.sleep(1)  # It does not end by itself.
        self.assertTrue(self.victim.running())
        through_all.finish()
        self.assertEqual(self.victim.leave(), 0)
        through_others.finish()
        self.assertEqual(through_all.errors + through_others.errors, [])

    def test_a_drained_node_that_was_restarted_leads_again(self):
        self.assertEqual(drain(self.address)[0], 0)
        self.assertEqual(drain(self.address)[0], 0)
        self.victim.leave()
        self.victim.restart()
        wait_settled(self.nodes)

    def test_a_node_is_drained_by_post_alone(self):
        self.assertEqual(self.victim.http("/drain"), (405, "only POST is answered here\n"))
        self.victim.wait_ready()

    def test_what_is_no_health_address_is_named(self):
        [free] = harness.free_ports(1)
        status, said = drain(f"127.0.0.1:{free}")
        self.assertEqual(status, 3)
        self.assertIn("Connection refused", said)
        status, said = drain(f"127.0.0.1:{self.victim.port}", "--timeout", "2s")
        self.assertNotEqual(status, 0)
        self.victim.wait_ready()

    def test_the_last_node_has_nobody_to_hand_over_to(self):
        with harness.Cluster(1, harness.BINARY) as alone:
            alone.start()
            status, said = drain(f"127.0.0.1:{alone.nodes[0].http_port}")
            self.assertEqual((status, said),
                             (0, "leaving the cluster: nobody is there to take over\n"))


if __name__ == "__main__":
    harness.main()
