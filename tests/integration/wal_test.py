"""The write-ahead log of real nodes: kill -9, restarts, snapshots, and a disk that fills up."""

import threading
import time
import unittest

import harness
import resp

KEYS = 16  # Of a writer.


class Counter(threading.Thread):
    """Counts up the numbers under its own keys, until it is stopped or its node is gone."""

    def __init__(self, port, name, acknowledged):
        super().__init__(daemon=True)
        self.port = port
        self.keys = [f"{name}:{i}" for i in range(KEYS)]
        self.acknowledged = acknowledged  # By key; shared by those that come after one another.
        self.sent = dict(acknowledged)    # How far each may have come.
        self.stopping = threading.Event()

    def run(self):
        try:
            with resp.Client(self.port, timeout=20) as client:
                while not self.stopping.is_set():
                    client.send(b"".join(resp.command("INCR", key) for key in self.keys))
                    for key in self.keys:
                        self.sent[key] = self.sent.get(key, 0) + 1
                    for key in self.keys:
                        number = client.receive()
                        if isinstance(number, int):
                            self.acknowledged[key] = number
                            self.sent[key] = number
        except (OSError, EOFError):
            pass


class Rounds(unittest.TestCase):
    """One node, killed again and again while it is written to."""

    def run_rounds(self, mode, rounds, flags=()):
        cluster = harness.Cluster(1, harness.BINARY, flags=("--wal", mode, *flags))
        self.addCleanup(cluster.stop)
        cluster.start()
        node = cluster.nodes[0]
        acknowledged = [{} for _ in range(3)]
        for number in range(rounds):
            writers = [Counter(node.port, f"w{i}", acknowledged[i]) for i in range(3)]
            for writer in writers:
                writer.start()
            before = sum(sum(of.values()) for of in acknowledged)
            harness.wait_until(
                lambda before=before: sum(sum(of.values()) for of in acknowledged) > before + 200,
                "something to be acknowledged")
            node.kill()
            for writer in writers:
                writer.join(60)
                self.assertFalse(writer.is_alive())
            node.restart()
            cluster.wait_ready(0)
            with resp.Client(node.port) as client:
                for writer in writers:
                    for key in writer.keys:
                        held = int(harness.served(client, "GET", key) or 0)
                        self.assertGreaterEqual(held, writer.acknowledged.get(key, 0),
                                                f"{key} in round {number}")
                        self.assertLessEqual(held, writer.sent.get(key, 0) + 1,
                                             f"{key} in round {number}")
                        writer.acknowledged[key] = held
        return node

    def test_kill_9_loses_nothing_that_the_system_has(self):
        self.run_rounds("write", 5)

    def test_kill_9_loses_nothing_that_the_disk_has(self):
        self.run_rounds("fsync", 5)

    def test_kill_9_while_snapshots_are_made_loses_nothing(self):
        node = self.run_rounds("write", 5,
                               ("--snapshot-interval", "1s", "--wal-segment-mb", "1"))
        harness.wait_until(lambda: metric(node, "aegiskv_snapshots_total") >= 2,
                           "snapshots to be made")


def metric(node, name):
    for line in node.http("/metrics")[1].splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    raise AssertionError(f"no {name}")


class Restarts(unittest.TestCase):

    def start(self, *flags, nodes=1):
        self.cluster = harness.Cluster(nodes, harness.BINARY, flags=flags)
        self.addCleanup(self.cluster.stop)
        self.cluster.start()
        return self.cluster.nodes[0]

    def kill_and_restart(self, node):
        node.kill()
        node.restart()
        self.cluster.wait_ready(0)

    def test_times_to_live_keep_their_end(self):
        node = self.start("--wal", "fsync")
        with resp.Client(node.port) as client:
            self.assertEqual(harness.served(client, "SET", "short", "v", "PX", 1500), b"OK")
            self.assertEqual(client.call("SET", "long", "v", "EX", 1000), b"OK")
            end = client.call("PEXPIRETIME", "long")
        self.kill_and_restart(node)
        time.sleep(1.5)
        with resp.Client(node.port) as client:
            self.assertIsNone(harness.served(client, "GET", "short"))
            self.assertEqual(client.call("GET", "long"), b"v")
            self.assertEqual(client.call("PEXPIRETIME", "long"), end)

    def test_everything_that_changes_a_key_is_there_again(self):
        node = self.start("--wal", "fsync", "--snapshot-interval", "1s")
        large = b"v" * 300_000
        with resp.Client(node.port) as client:
            self.assertEqual(harness.served(client, "SET", "a{t}", "1"), b"OK")
            self.assertEqual(client.call("RENAME", "a{t}", "b{t}"), b"OK")
            self.assertEqual(client.call("SET", "large", large), b"OK")
            self.assertEqual(client.call("SET", "gone", "v"), b"OK")
            self.assertEqual(client.call("DEL", "gone"), 1)
            self.assertEqual(client.call("APPEND", "text", "abc"), 3)
            for number in range(2000):
                client.call("SET", f"n{number}", number)
        for _ in range(2):  # From the log, then from snapshots and the log behind them.
            self.kill_and_restart(node)
            with resp.Client(node.port) as client:
                self.assertEqual(harness.served(client, "GET", "b{t}"), b"1")
                self.assertIsNone(client.call("GET", "a{t}"))
                self.assertEqual(client.call("GET", "large"), large)
                self.assertIsNone(client.call("GET", "gone"))
                self.assertEqual(client.call("APPEND", "text", ""), 3)
                for number in range(0, 2000, 97):
                    self.assertEqual(client.call("GET", f"n{number}"), b"%d" % number)
                self.assertEqual(client.call("DBSIZE"), 2003)
            harness.wait_until(lambda: metric(node, "aegiskv_snapshots_total") >= 1,
                               "a round of snapshots")

    def test_a_log_of_which_the_node_knows_nothing_is_refused(self):
        node = self.start("--wal", "fsync")
        with resp.Client(node.port) as client:
            self.assertEqual(harness.served(client, "SET", "k", "v"), b"OK")
        node.kill()
        (record,) = node.data_dir.rglob("node.json")
        record.unlink()
        (control,) = [path for path in node.data_dir.rglob("control") if path.is_dir()]
        for path in control.iterdir():
            path.unlink()
        node.restart()
        node.process.wait(30)
        self.assertNotEqual(node.process.returncode, 0)
        self.assertIn("--wal-dir", node.log())


class ThreeNodesWithLogs(unittest.TestCase):

    FLAGS = ("--wal", "fsync", "--write-quorum", "2", *harness.STEADY)

    def setUp(self):
        self.cluster = harness.Cluster(3, harness.BINARY, flags=self.FLAGS)
        self.addCleanup(self.cluster.stop)
        self.cluster.start_settled()

    def test_all_killed_at_once_lose_nothing(self):
        acknowledged = [{} for _ in range(3)]
        for _ in range(2):
            writers = [Counter(node.port, f"w{i}", acknowledged[i])
                       for i, node in enumerate(self.cluster.nodes)]
            for writer in writers:
                writer.start()
            harness.wait_until(lambda writers=writers: all(
                writer.acknowledged.get(key, 0) > 0 for writer in writers for key in writer.keys),
                               "every key to be written")
            time.sleep(1)
            for node in self.cluster.nodes:
                node.kill()
            for writer in writers:
                writer.join(60)
            for node in self.cluster.nodes:
                node.restart()
            self.cluster.wait_settled()
            # Their copies count as they did before.
            self.assertEqual([metric(node, "aegiskv_unclean_promotions_total")
                              for node in self.cluster.nodes], [0, 0, 0])
            with resp.Client(self.cluster.nodes[0].port) as client:
                for writer in writers:
                    for key in writer.keys:
                        held = int(harness.served(client, "GET", key) or 0)
                        self.assertGreaterEqual(held, writer.acknowledged[key], key)
                        self.assertLessEqual(held, writer.sent[key] + 1, key)
                        writer.acknowledged[key] = held

    def test_who_comes_back_gets_what_changed_meanwhile(self):
        first, *_, last = self.cluster.nodes
        with resp.Client(first.port) as client:
            for number in range(3000):
                client.send(resp.command("SET", f"k{number}", "v" * 100))
            for _ in range(3000):
                self.assertEqual(client.receive(), b"OK")
        harness.wait_replicated(self.cluster.nodes)
        last.kill()
        with resp.Client(first.port) as client:
            for number in range(30):
                self.assertEqual(harness.served(client, "SET", f"k{number}", "w"), b"OK")
        last.restart()
        self.cluster.wait_settled()
        self.assertLess(metric(last, "aegiskv_replication_records_received_total"), 3000)


class ThreeNodesWithoutLogs(unittest.TestCase):

    def test_all_killed_at_once_are_led_by_copies_that_are_said_to_lack_something(self):
        cluster = harness.Cluster(3, harness.BINARY, flags=harness.STEADY)
        self.addCleanup(cluster.stop)
        cluster.start_settled()
        for node in cluster.nodes:
            node.kill()
        for node in cluster.nodes:
            node.restart()
        cluster.wait_settled()
        self.assertEqual(sum(metric(node, "aegiskv_unclean_promotions_total")
                             for node in cluster.nodes), 256)


if __name__ == "__main__":
    harness.main()
