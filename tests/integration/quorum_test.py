"""Three nodes with write quorums: what was acknowledged is there, whoever dies; what waits for
copies is not shown; what cannot be had is refused."""

import signal
import threading
import time
import unittest

import harness
import resp


class QuorumTest(unittest.TestCase):
    flags = ("--write-quorum", "2", *harness.STEADY)

    def setUp(self):
        self.cluster = harness.Cluster(3, harness.BINARY, flags=self.flags)
        self.addCleanup(self.cluster.stop)
        self.cluster.start_settled()
        self.nodes = self.cluster.nodes

    def client(self, i, timeout=60):
        client = resp.Client(self.nodes[i].port, timeout=timeout)
        self.addCleanup(client.close)
        return client


class WriteQuorums(QuorumTest):

    def test_a_pipeline_of_writes_is_answered_in_order_and_read_back_everywhere(self):
        client = self.client(0)
        count = 3000
        sender = threading.Thread(target=client.send, args=(b"".join(
            resp.command("SET", f"key{i}", i) + resp.command("GET", f"key{i}")
            + resp.command("INCR", "counter") for i in range(count)),))
        sender.start()
        for i in range(count):
            self.assertEqual(client.receive(), b"OK")
            self.assertEqual(client.receive(), b"%d" % i)
            self.assertEqual(client.receive(), i + 1)
        sender.join()
        self.assertEqual(self.client(2).call("GET", "counter"), b"%d" % count)


class LostLeaders(QuorumTest):
    flags = ("--write-quorum", "2")

    def test_an_acknowledged_write_outlives_its_leader_at_once(self):
        # A write of unknown outcome, or without copies for a moment, is written again.
        again = (*harness.REFUSALS, "UNKNOWNOUTCOME", "NOREPLICAS")
        writers = [self.client(i) for i in range(3)]
        key = harness.key_led_by(self.nodes[0], self.nodes[1].name)
        for number in range(200):
            self.assertEqual(
                harness.served(writers[number % 3], "SET", key, number, again=again), b"OK")
        self.cluster.kill(1)
        self.assertEqual(harness.served(self.client(2), "GET", key), b"199")
        self.assertEqual(harness.served(self.client(0), "SET", key, "new", again=again), b"OK")


class HungFollowers(QuorumTest):
    # So that the leader's lease outlives its followers for as long as a slow machine needs.
    flags = ("--write-quorum", "2", *harness.STEADY)

    def test_what_no_copy_confirms_is_of_unknown_outcome_and_is_shown_to_nobody(self):
        key = harness.key_led_by(self.nodes[0], self.nodes[0].name)
        client, reader = self.client(0), self.client(0)
        self.assertEqual(client.call("SET", key, "old"), b"OK")
        for i in (1, 2):
            self.nodes[i].kill(signal.SIGSTOP)
        client.send(resp.command("SET", key, "new"))
        harness.wait_until(
            lambda: "\naegiskv_outcomes_held 1\n" in self.nodes[0].http("/metrics")[1],
            "a write that waits")
        reader.send(resp.command("GET", key))
        answer = client.receive()
        self.assertTrue(str(answer).startswith(("UNKNOWNOUTCOME", "CLUSTERDOWN", "TRYAGAIN")),
                        answer)
        shown = reader.receive()
        self.assertNotEqual(shown, b"new")
        for i in (1, 2):
            self.nodes[i].kill(signal.SIGCONT)
        self.assertIn(harness.served(self.client(1), "GET", key), (b"old", b"new"))


class RequestsWithTheirOwn(QuorumTest):
    flags = harness.STEADY

    def test_aegis_cli_asks_for_a_quorum_of_its_own(self):
        def run(*words):
            return harness.aegis_cli("-s", f"127.0.0.1:{self.nodes[0].port}", *words)

        patient = ("--timeout", "30s")
        self.assertEqual(run("--write-quorum", "3", *patient, "set", "k", "v")[0], 0)
        self.assertEqual(run("--read-quorum", "3", *patient, "get", "k"), (0, "v\n"))

        def refused():
            status, said = run("--write-quorum", "4", "--timeout", "1s", "set", "k", "w")
            self.assertNotEqual(status, 0, said)
            return "3 copies are in sync, 4 are wanted" in said  # One that is held up is not.
        harness.wait_until(refused, "a refusal that counts the copies")
        self.assertEqual(self.client(0).call("GET", "k"), b"v")


class TooFewCopies(QuorumTest):
    flags = ("--write-quorum", "-1", *harness.STEADY)

    def test_a_write_that_wants_all_copies_is_refused_while_one_is_gone_and_nothing_happens(self):
        client = self.client(0)
        again = (*harness.REFUSALS, "UNKNOWNOUTCOME", "NOREPLICAS")
        self.assertEqual(harness.served(client, "SET", "key", "old", again=again), b"OK")
        self.cluster.kill(2)

        def refused():
            answer = client.call("SET", "key", "new")
            return isinstance(answer, resp.ReplyError) and str(answer).startswith("NOREPLICAS")
        harness.wait_until(refused, "a refusal")
        before = harness.served(client, "GET", "key")
        self.assertIsInstance(client.call("SET", "key", "newer"), resp.ReplyError)
        self.assertEqual(harness.served(client, "GET", "key"), before)


class Waits(QuorumTest):
    flags = harness.STEADY

    def test_wait_counts_the_followers_that_hold_what_was_written(self):
        client = self.client(0)
        for i in range(50):
            self.assertEqual(client.call("SET", f"key{i}", i), b"OK")
        self.assertEqual(client.call("WAIT", 2, 30_000), 2)
        self.nodes[2].kill(signal.SIGSTOP)
        key = harness.key_led_by(self.nodes[0], self.nodes[0].name)
        self.assertEqual(client.call("SET", key, "v"), b"OK")
        other = self.client(0)
        self.assertEqual(other.call("SET", key, "v"), b"OK")
        self.assertEqual(other.call("WAIT", 1, 30_000), 1)
        began = time.monotonic()
        self.assertEqual(other.call("WAIT", 2, 200), 1)
        self.assertGreater(time.monotonic() - began, 0.19)
        self.nodes[2].kill(signal.SIGCONT)


class ReadQuorums(QuorumTest):
    flags = ("--read-quorum", "2", *harness.STEADY)

    def test_a_read_is_confirmed_by_another_node(self):
        client = self.client(0)
        keys = [f"key{i}" for i in range(500)]
        client.send(b"".join(resp.command("SET", key, key) for key in keys))
        self.assertEqual({client.receive() for _ in keys}, {b"OK"})
        for i in range(3):
            reader = self.client(i)
            reader.send(b"".join(resp.command("GET", key) for key in keys))
            self.assertEqual([reader.receive() for _ in keys], [key.encode() for key in keys])
        key = harness.key_led_by(self.nodes[0], self.nodes[0].name)
        self.assertEqual(client.call("SET", key, "v"), b"OK")
        for i in (1, 2):
            self.nodes[i].kill(signal.SIGSTOP)
        self.assertIsInstance(client.call("GET", key), resp.ReplyError)
        for i in (1, 2):
            self.nodes[i].kill(signal.SIGCONT)


if __name__ == "__main__":
    harness.main()
