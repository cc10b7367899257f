"""Three nodes: what one writes the others read, whoever dies, pauses or leaves."""

import signal
import threading
import time
import unittest

import harness
import native
import resp

WAIT = 4.0  # Seconds that a command waits for a leader: limits::kRouteWait.


class ClusterTest(unittest.TestCase):

    flags = ()

    def setUp(self):
        self.cluster = harness.Cluster(3, harness.BINARY, flags=self.flags)
        self.addCleanup(self.cluster.stop)
        self.cluster.start()
        self.nodes = self.cluster.nodes

    def client(self, i):
        client = resp.Client(self.nodes[i].port)
        self.addCleanup(client.close)
        return client

    def write(self, client, keys, suffix=""):
        client.send(b"".join(resp.command("SET", key, f"{key}{suffix}") for key in keys))
        for key in keys:
            self.assertEqual(client.receive(), b"OK", key)

    def read(self, client, keys, suffix=""):
        client.send(b"".join(resp.command("GET", key) for key in keys))
        for key in keys:
            self.assertEqual(client.receive(), f"{key}{suffix}".encode(), key)


class ThreeNodes(ClusterTest):

    flags = harness.STEADY

    def test_what_one_node_writes_the_others_read(self):
        keys = [f"key{i}" for i in range(3000)]
        self.write(self.client(0), keys)
        for i in range(3):
            self.read(self.client(i), keys)

    def test_in_sync_replicas_show_the_same_version_vector(self):
        self.write(self.client(0), [f"key{i}" for i in range(500)])
        harness.wait_replicated(self.nodes)

        def histories(node):
            return [shard["history"] for shard in node.status()["shards"]]
        written = histories(self.nodes[0])
        self.assertTrue(all(shard[-1]["epoch"] and shard[-1]["seq"] for shard in written))
        self.assertEqual(histories(self.nodes[1]), written)
        self.assertEqual(histories(self.nodes[2]), written)

    def test_leaders_are_spread_over_the_nodes(self):
        harness.wait_until(
            lambda: len({s["leader"] for s in self.nodes[0].status()["shards"]}) == 3,
            "every node to lead something")

    def test_commands_over_many_keys_gather_from_all_nodes_in_order(self):
        client = self.client(1)
        pairs = [part for i in range(200) for part in (f"m{i}", i)]
        self.assertEqual(client.call("MSET", *pairs), b"OK")
        values = self.client(2).call("MGET", *[f"m{i}" for i in range(200)], "missing")
        self.assertEqual(values, [b"%d" % i for i in range(200)] + [None])
        self.assertEqual(self.client(0).call("DEL", *[f"m{i}" for i in range(200)]), 200)

    def test_a_pipeline_over_all_nodes_is_answered_in_order(self):
        client = self.client(0)
        count = 3000
        sender = threading.Thread(target=client.send, args=(b"".join(
            resp.command("INCR", f"c{i % 7}") + resp.command("PING", i)
            for i in range(count)),))
        sender.start()
        for i in range(count):
            self.assertEqual(client.receive(), i // 7 + 1)
            self.assertEqual(client.receive(), b"%d" % i)
        sender.join()

    def test_large_values_are_forwarded(self):
        key = harness.key_led_by(self.nodes[0], "node2")
        value = bytes(range(256)) * (4 << 12)  # 4 MiB
        self.assertEqual(self.client(0).call("SET", key, value), b"OK")
        self.assertEqual(self.client(2).call("GET", key), value)

    def test_large_values_cross_in_both_directions_at_once(self):
        one = harness.key_led_by(self.nodes[0], "node1")
        two = harness.key_led_by(self.nodes[0], "node2")
        value = b"x" * (8 << 20)  # Far beyond what a socket or a backlog takes.
        failures = []

        def work(i, key):
            client = self.client(i)
            for _ in range(3):
                stored = client.call("SET", key, value)
                if stored != b"OK":
                    failures.append(stored)
                elif client.call("GET", key) != value:
                    failures.append(key)

        # Each node forwards to the other, and each replicates to the other, all at the same time.
        workers = [threading.Thread(target=work, args=pair) for pair in ((0, two), (1, one))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(failures, [])
        harness.wait_replicated(self.nodes)

    def test_native_clients_are_forwarded_or_redirected_as_they_ask(self):
        self.cluster.wait_settled()
        key = harness.key_led_by(self.nodes[0], "node2")
        with native.Client(self.nodes[0].port) as client:
            self.assertEqual(client.call(native.SET, key, b"v").status, native.OK)
            self.assertEqual(client.call(native.GET, key).value, b"v")
            redirect = client.call(native.GET | native.REDIRECT_FLAG, key)
            self.assertEqual(redirect.status, native.REDIRECTED)
            self.assertEqual(redirect.address, f"127.0.0.1:{self.nodes[1].port}")
        with native.Client(self.nodes[1].port) as client:
            self.assertEqual(client.call(native.GET | native.REDIRECT_FLAG, key).value, b"v")

    def test_errors_of_other_nodes_reach_the_client(self):
        key = harness.key_led_by(self.nodes[0], "node3")
        client = self.client(0)
        self.assertEqual(client.call("SET", key, "text"), b"OK")
        self.assertIn("not an integer", str(client.call("INCR", key)))

    def test_a_node_that_leaves_hands_over_without_an_error(self):
        stop = threading.Event()
        errors, counts = [], []

        def work(i):
            client = self.client(i)
            done = 0
            while not stop.is_set():
                key = f"w{i}-{done % 500}"
                for reply, expected in ((client.call("SET", key, done), b"OK"),
                                        (client.call("GET", key), b"%d" % done)):
                    if reply != expected:
                        errors.append((key, reply, expected))
                        return
                done += 1
            counts.append(done)

        workers = [threading.Thread(target=work, args=(i,)) for i in (0, 1)]
        for worker in workers:
            worker.start()
        harness.wait_until(lambda: self.client(0).call("DBSIZE") != 0, "some work")
        self.assertEqual(self.nodes[2].leave(), 0)
        time.sleep(0.2)  # More work after the hand-over.
        stop.set()
        for worker in workers:
            worker.join()
        self.assertEqual(errors, [])
        self.assertTrue(all(counts))

    def test_one_connection_sees_its_own_writes_while_leaders_change(self):
        done = threading.Event()
        failures = []

        def work():
            client = self.client(0)
            number = 0
            while not done.is_set():
                number += 1
                # All in flight at once, on shards that change hands meanwhile.
                client.send(b"".join(
                    resp.command("SET", f"o{i}", f"{number}-{step}")
                    for step in range(3) for i in range(20)) + b"".join(
                        resp.command("GET", f"o{i}") for i in range(20)))
                for _ in range(60):
                    reply = client.receive()
                    if reply != b"OK":
                        failures.append(reply)
                for _ in range(20):
                    reply = client.receive()
                    if reply != f"{number}-2".encode():
                        failures.append(reply)

        worker = threading.Thread(target=work)
        worker.start()
        self.assertEqual(self.nodes[1].leave(), 0)
        self.nodes[1].restart()
        self.nodes[1].wait_ready()
        harness.wait_replicated(self.nodes)
        done.set()
        worker.join()
        self.assertEqual(failures, [])


class QuickFailovers(ClusterTest):
    """Leases as they are by default, under sanitizers as much longer as everything is."""

    flags = ("--lease-duration", f"{600 * harness.SLOWNESS}ms",
             "--lease-silence", f"{300 * harness.SLOWNESS}ms")

    def test_others_write_about_a_second_after_a_kill(self):
        took = []
        for victim in (2, 1, 2):  # A machine that is held up once or twice is no fault.
            self.cluster.wait_settled()
            key = harness.key_led_by(self.nodes[0], self.nodes[victim].name)
            client = self.client(0)
            began = time.monotonic()
            self.cluster.kill(victim)
            self.assertEqual(harness.served(client, "SET", key, "v",
                                            again=(*harness.REFUSALS, "UNKNOWNOUTCOME")), b"OK")
            took.append(time.monotonic() - began)
            self.cluster.restart(victim)
            self.cluster.wait_ready(victim)
        self.assertLess(min(took), 2.5 * harness.SLOWNESS, took)


class LostNodes(ClusterTest):

    def write(self, client, keys, suffix=""):
        self.ask(client, {key: (("SET", key, f"{key}{suffix}"), b"OK") for key in keys},
                 (*harness.REFUSALS, "UNKNOWNOUTCOME"))

    def read(self, client, keys, suffix=""):
        self.ask(client, {key: (("GET", key), f"{key}{suffix}".encode()) for key in keys},
                 harness.REFUSALS)

    def ask(self, client, asked, again):
        """`asked`: {key: (command, reply)}. What is refused while nobody leads is sent again."""
        for key, reply in self.replies(client, asked).items():
            command, expected = asked[key]
            if isinstance(reply, resp.ReplyError) and str(reply).startswith(again):
                reply = harness.served(client, *command, again=again)
            self.assertEqual(reply, expected, key)

    def replies(self, client, asked):
        client.send(b"".join(resp.command(*command) for command, _ in asked.values()))
        return {key: client.receive() for key in asked}

    def test_after_a_kill_every_key_is_still_answered_and_the_node_comes_back_in_sync(self):
        keys = [f"key{i}" for i in range(3000)]
        self.write(self.client(0), keys)
        harness.wait_replicated(self.nodes)
        self.cluster.kill(2)
        self.read(self.client(0), keys)
        self.read(self.client(1), keys)
        self.write(self.client(1), keys, "b")
        self.cluster.restart(2)
        self.cluster.wait_ready(2)
        harness.wait_replicated(self.nodes)
        self.read(self.client(2), keys, "b")
        self.cluster.kill(1)
        self.read(self.client(2), keys, "b")
        self.read(self.client(0), keys, "b")

    def test_commands_wait_for_a_new_leader_instead_of_failing(self):
        key = harness.key_led_by(self.nodes[0], "node3")
        client = self.client(0)
        self.assertEqual(harness.served(client, "SET", key, "1"), b"OK")
        harness.wait_replicated(self.nodes)
        down = "link with node3 is down"
        before = self.nodes[0].log().count(down)
        self.cluster.kill(2)
        # Once it is known to be down: a write that was on its way when it died is in doubt.
        harness.wait_until(lambda: self.nodes[0].log().count(down) > before, "node1 to notice")
        began = time.monotonic()
        answer = client.call("SET", key, "2")
        if answer != b"OK":  # Only to a machine so slow that nobody led in time.
            self.assertRegex(str(answer), "^(CLUSTERDOWN|TRYAGAIN)")
            self.assertGreater(time.monotonic() - began, WAIT * 0.9)
            answer = harness.served(client, "SET", key, "2")
        self.assertEqual(answer, b"OK")
        self.assertEqual(harness.served(self.client(1), "GET", key), b"2")

    def test_a_paused_leader_is_replaced_and_follows_when_it_wakes(self):
        keys = [f"key{i}" for i in range(500)]
        self.write(self.client(0), keys)
        harness.wait_replicated(self.nodes)
        self.cluster.kill(2, signal.SIGSTOP)
        harness.wait_until(
            lambda: all(s["leader"] in ("node1", "node2")
                        for s in self.nodes[0].status()["shards"]),
            "others to lead")
        self.write(self.client(0), keys, "b")
        self.cluster.kill(2, signal.SIGCONT)
        harness.wait_replicated(self.nodes)
        self.read(self.client(2), keys, "b")


if __name__ == "__main__":
    harness.main()
