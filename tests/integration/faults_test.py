"""Five nodes on a private network, the faults that can befall them, and the histories that clients
record meanwhile."""

import json
import signal
import time
import unittest

import harness
import recording_client
import resp
from netns_cluster import NetnsCluster


class FaultTest(unittest.TestCase):
    """A cluster of its own for each test: self.cluster, self.nodes, self.network."""

    size = 5
    flags = ()
    wired = False  # The network's packets can be delayed.

    def setUp(self):
        self.cluster = NetnsCluster(self.size, harness.BINARY, self.flags, self.wired)
        self.addCleanup(self.cluster.stop)
        self.nodes = self.cluster.nodes
        self.network = self.cluster.network
        self.prepare()
        self.cluster.start()

    def prepare(self):
        """What is to happen before the nodes start."""

    def recorder(self, **options):
        """Recording clients on all nodes."""
        recorder = recording_client.RecordingClients(
            self.cluster.addresses, self.cluster.directory / "history.jsonl", **options)
        self.addCleanup(recorder.stopping.set)
        return recorder


class FaultsOfOneNode(FaultTest):
    """The harness does to a node what netns_cluster.py says."""

    size = 1

    def test_a_killed_node_starts_again_with_its_data_directory(self):
        (self.nodes[0].data_dir / "of-the-test").write_text("kept")
        before = self.nodes[0].process.pid
        self.cluster.kill(0)
        self.assertEqual(self.nodes[0].http("/ready")[0], 0)
        self.cluster.restart(0)
        self.cluster.wait_ready(0)
        self.assertNotEqual(self.nodes[0].process.pid, before)
        self.assertEqual((self.nodes[0].data_dir / "of-the-test").read_text(), "kept")

    def test_a_paused_node_answers_only_when_it_goes_on(self):
        with self.nodes[0].client() as client:
            self.assertEqual(client.call("PING"), b"PONG")
            self.cluster.pause(0)
            client.socket.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                client.call("PING")
        self.cluster.resume(0)
        with self.nodes[0].client() as client:
            self.assertEqual(client.call("PING"), b"PONG")

    def test_a_client_inside_a_partition_is_made_in_the_node_s_namespace(self):
        with self.nodes[0].namespace:
            client = self.nodes[0].client()
        with client:
            self.assertEqual(client.socket.getsockname()[0], self.nodes[0].host)
            self.assertEqual(client.call("PING"), b"PONG")


class FaultsOfALink(FaultTest):

    size = 2

    def connects(self, source, target, patience):
        """Whether a client beside one node reaches the other in so many seconds."""
        with self.nodes[source].namespace:
            try:
                self.nodes[target].client(timeout=patience).close()
            except TimeoutError:
                return False
        return True

    def test_partitioned_nodes_cannot_connect_until_the_partition_heals(self):
        self.assertTrue(self.connects(0, 1, 20) and self.connects(1, 0, 20))
        self.network.partition([0], [1])
        self.assertFalse(self.connects(0, 1, 0.3) or self.connects(1, 0, 0.3))
        self.network.heal()
        self.assertTrue(self.connects(0, 1, 20) and self.connects(1, 0, 20))

    def test_the_test_s_own_clients_are_outside_of_the_partition(self):
        self.network.partition([0], [1])
        for node in self.nodes:
            with node.client() as client:
                self.assertEqual(client.call("PING"), b"PONG")


class FaultsOfAClock(FaultTest):

    size = 1
    rate = 10.0

    def prepare(self):
        self.nodes[0].clock_rate = self.rate

    def test_both_clocks_of_a_node_run_at_the_rate_they_are_given(self):
        with self.nodes[0].client() as client:
            def clocks():
                """(seconds up by the monotonic clock, wall clock in seconds)"""
                info = client.call("INFO", "server").decode().splitlines()
                up = next(line for line in info if line.startswith("uptime_in_seconds:"))
                seconds, microseconds = client.call("TIME")
                return int(up.split(":")[1]), int(seconds) + int(microseconds) / 1e6
            begin = time.monotonic()
            up, wall = clocks()
            answered = time.monotonic()
            time.sleep(1)
            asked = time.monotonic()
            later_up, later_wall = clocks()
            end = time.monotonic()
        # Each was looked at while its question was under way, however long that took.
        least, most = (asked - answered) * self.rate, (end - begin) * self.rate
        for passed, rounding in ((later_wall - wall, 0.5), (later_up - up, 1.5)):
            self.assertGreater(passed, least - rounding)
            self.assertLess(passed, most + rounding)


class FaultsOfADisk(FaultTest):

    size = 1

    def prepare(self):
        self.nodes[0].use_small_disk(4 << 20)

    def test_a_full_disk_takes_nothing_until_it_is_freed(self):
        probe = self.nodes[0].data_dir / "probe"
        self.nodes[0].fill_disk()
        with self.assertRaisesRegex(OSError, "No space left"):
            probe.write_bytes(bytes(1 << 16))
        self.nodes[0].free_disk()
        probe.write_bytes(bytes(1 << 16))


class RecordedAnswers(unittest.TestCase):
    """How a recording client takes what it is told."""

    def test_answers_become_outcomes(self):
        for operation, reply, outcome in (
                ("get", b"v", ("ok", "v")), ("get", None, ("not_found", "")),
                ("set", b"OK", ("ok", "")), ("incr", 7, ("ok", "7")),
                ("delete", 1, ("ok", "")), ("delete", 0, ("not_found", ""))):
            self.assertEqual(recording_client.outcome_of(operation, reply), outcome)

    def test_errors_say_whether_anything_happened(self):
        for code, outcome in (("CLUSTERDOWN", "unavailable"), ("TRYAGAIN", "unavailable"),
                              ("OOM", "unavailable"), ("UNKNOWNOUTCOME", "unknown")):
            reply = resp.ReplyError(f"{code} and why")
            self.assertEqual(recording_client.outcome_of("set", reply), (outcome, ""))

    def test_what_makes_no_sense_is_a_surprise(self):
        for operation, reply in (("get", resp.ReplyError("ERR syntax error")), ("get", 1),
                                 ("set", None), ("delete", 2), ("incr", b"7")):
            with self.assertRaises(recording_client.Surprise):
                recording_client.outcome_of(operation, reply)


class RecordedHistories(FaultTest):
    """What clients of five nodes see is linearizable."""

    flags = harness.STEADY

    def test_without_faults(self):
        self.cluster.wait_settled()
        recorder = self.recorder(patience=60)
        recorder.run_until(answered=1000)
        self.assertEqual(recorder.outcomes().get("unknown", 0), 0, recorder.outcomes())
        recorder.check()

    def test_after_a_kill_in_the_cluster_that_settled(self):
        self.cluster.wait_settled()
        self.cluster.kill(4)
        self.cluster.wait_settled(without=[4])
        recorder = self.recorder()
        recorder.run_until(answered=500)
        recorder.check()

    def test_a_falsified_history_is_not_linearizable(self):
        self.cluster.wait_settled()
        recorder = self.recorder(counters=0)
        recorder.run_until(answered=200)
        recorder.check()
        read = next(record for record in reversed(recorder.records)
                    if record["op"] == "get" and record["ok"] == "ok")
        read["result"] = "never written"
        recorder.path.write_text("".join(json.dumps(each) + "\n" for each in recorder.records))
        status, text = recording_client.check_history(recorder.path)
        self.assertEqual(status, 1, text)
        self.assertIn('nobody had tried to write "never written"', text)


class HistoriesOfLostLeaders(FaultTest):
    """Writes wait for two copies: whatever befalls their leaders, what clients see is
    linearizable."""

    flags = ("--write-quorum", "2")

    def record_around(self, fault, victims):
        """Clients record before, while and after the fault has taken these nodes away: it returns
        what brings them back."""
        self.cluster.wait_settled()
        recorder = self.recorder(threads=10)
        # Most calls go to the others: each at a victim takes its client seconds.
        recorder.addresses += 3 * [address for i, address in enumerate(self.cluster.addresses)
                                   if i not in victims]
        recorder.start()
        self.wait_answered(recorder, "before the fault")
        end = fault()
        self.cluster.wait_settled(without=victims)
        self.wait_answered(recorder, "while the fault lasts")
        end()
        self.cluster.wait_settled()
        self.wait_answered(recorder, "after the fault")
        recorder.stop()
        recorder.check()
        return recorder

    def wait_answered(self, recorder, when):
        since = time.monotonic_ns()
        harness.wait_until(lambda: recorder.answered(since_ns=since) > 100, f"work {when}")

    def test_a_kill_under_load_leaves_every_call_recorded_and_the_cluster_in_service(self):
        def kill():
            self.cluster.kill(2, signal.SIGKILL)
            return lambda: self.cluster.restart(2)
        recorder = self.record_around(kill, [2])
        self.assertEqual(len(recorder.path.read_text().splitlines()), len(recorder.records))

    def test_leaders_on_the_smaller_side_of_a_partition_unsay_nothing(self):
        def partition():
            self.network.partition([1, 2], [0, 3, 4])
            return self.network.heal
        self.record_around(partition, [1, 2])

    def test_a_leader_that_was_stopped_and_goes_on_unsays_nothing(self):
        def pause():
            self.cluster.pause(3)
            return lambda: self.cluster.resume(3)
        self.record_around(pause, [3])


class HistoriesOverABadNetwork(FaultTest):
    """Packets between nodes are late, out of order, or lost; writes wait for two copies."""

    wired = True
    flags = ("--write-quorum", "2")

    def test_leaders_are_lost_and_what_clients_see_is_linearizable(self):
        everybody = range(self.size)
        self.network.impair(everybody, everybody, delay=0.002, jitter=0.02, loss=0.01)
        self.cluster.wait_settled()
        recorder = self.recorder()
        recorder.start()
        for victim in (1, 3):
            answered = recorder.answered()
            harness.wait_until(lambda: recorder.answered() > answered + 150, "some work")
            self.cluster.kill(victim)
            self.cluster.wait_settled(without=[victim])
            self.cluster.restart(victim)
            self.cluster.wait_ready(victim)
            self.cluster.wait_settled()
        harness.wait_until(lambda: recorder.answered() > 500, "enough work")
        recorder.stop()
        recorder.check()


if __name__ == "__main__":
    harness.main()
