"""How a node starts, refuses to start, meets strangers, and ends."""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import harness
import native
import resp


class Starting(unittest.TestCase):

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="aegis-start-"))
        self.addCleanup(subprocess.run, ["rm", "-rf", str(self.directory)], check=True)

    def run_node(self, *flags, **environment):
        """Runs a node that should end by itself."""
        return subprocess.run(
            [harness.BINARY, "--data-dir", str(self.directory / "data"), *flags],
            capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, **environment})

    @contextlib.contextmanager
    def node_process(self, *flags, **environment):
        """A node with these flags alone, while the "with" lasts; its log is node.log."""
        with open(self.directory / "node.log", "wb") as log:
            process = subprocess.Popen(
                [harness.BINARY, "--data-dir", str(self.directory / "data"), *flags],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **environment})
        try:
            yield process
            # Before it serves, a signal ends it as it ends any process.
            harness.wait_until(lambda: "clients at" in (self.directory / "node.log").read_text(),
                               "the node to serve")
        finally:
            process.terminate()
            self.assertEqual(process.wait(timeout=90), 0)

    def start(self, name, *flags, seeds=()):
        """A node of its own, which the test's end also ends."""
        cluster = harness.Cluster(1, harness.BINARY, flags=flags)
        self.addCleanup(cluster.stop)
        node = cluster.nodes[0]
        node.name = name
        if seeds:
            node._seeds = ["--seeds", ",".join(seeds)]  # pylint: disable=protected-access
        node.restart()
        return node

    @staticmethod
    def ready_page(node):
        """What /ready answers, once it does."""
        return harness.wait_until(lambda: (page := node.http("/ready"))[0] and page, "an answer")

    def test_a_node_shows_what_the_cluster_agrees_on(self):
        node = self.start("alone", *harness.STEADY)
        node.wait_ready()
        status = node.status()
        control = status["control"]
        self.assertEqual((control["role"], control["leader"], control["voters"]),
                         ("leader", "alone", ["alone"]))
        self.assertTrue(control["formed"] and control["lease"]["holds"], control)
        self.assertEqual((control["fences"], control["disk_problem"]), ([], ""))
        self.assertEqual([shard["in_sync"] for shard in status["shards"]],
                         [["alone"]] * len(status["shards"]))
        _, metrics = node.http("/metrics")
        for line in ("aegiskv_lease_valid 1", "aegiskv_control_leader 1",
                     "aegiskv_control_voters 1", "aegiskv_fences_total 0"):
            self.assertIn(line + "\n", metrics)

    def test_bad_values_name_the_flag_and_exit_2(self):
        for flags in (["--shards", "100"], ["--bind", "nonsense"], ["--threads", "x"],
                      ["--no-such-flag"], ["--log-level", "loud"]):
            ended = self.run_node(*flags)
            self.assertEqual(ended.returncode, 2, ended)
            self.assertIn(flags[0], ended.stderr)

    def test_a_taken_port_is_named_with_its_flag_and_exits_1(self):
        free = harness.free_ports(3)
        for flag in ("--bind", "--gossip", "--health-addr"):
            with socket.socket() as holder:
                holder.bind(("127.0.0.1", 0))
                holder.listen()
                taken = f"127.0.0.1:{holder.getsockname()[1]}"
                flags = {"--bind": f"127.0.0.1:{free[0]}", "--gossip": f"127.0.0.1:{free[1]}",
                         "--health-addr": f"127.0.0.1:{free[2]}", flag: taken}
                ended = self.run_node(*[word for pair in flags.items() for word in pair])
                self.assertEqual(ended.returncode, 1, ended)
                self.assertIn(flag, ended.stderr)
                self.assertIn(taken, ended.stderr)

    def test_two_nodes_cannot_share_a_client_port(self):
        first = self.start("first")
        first.wait_ready()
        gossip = harness.free_ports(1)[0]
        ended = self.run_node("--bind", f"127.0.0.1:{first.port}",
                              "--gossip", f"127.0.0.1:{gossip}")
        self.assertEqual(ended.returncode, 1, ended)
        self.assertIn(f"127.0.0.1:{first.port}", ended.stderr)

    def test_a_data_directory_has_one_node(self):
        first = self.start("first")
        first.wait_ready()
        client, gossip = harness.free_ports(2)
        ended = subprocess.run(
            [harness.BINARY, "--node-id", "first", "--data-dir", str(first.data_dir),
             "--bind", f"127.0.0.1:{client}", "--gossip", f"127.0.0.1:{gossip}"],
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(ended.returncode, 1, ended)
        self.assertIn("--data-dir", ended.stderr)

    def test_the_soft_limit_of_open_files_is_raised_and_logged(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard // 2, hard))
        node = self.start("limited")
        node.wait_ready()
        self.assertIn("open files: limit raised", node.log())
        limits = Path(f"/proc/{node.process.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max open files"))
        self.assertEqual(line.split()[3], line.split()[4])

    def test_port_0_means_any_free_port(self):
        log = self.directory / "log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                [harness.BINARY, "--data-dir", str(self.directory / "data"), "--bind",
                 "127.0.0.1:0", "--gossip", "127.0.0.1:0"], stderr=output)
        try:
            line = harness.wait_until(
                lambda: next((l for l in log.read_text().splitlines() if "clients at" in l), None),
                "the log line with the ports")
            port = int(line.split("clients at 127.0.0.1:")[1].split(",")[0])
            with resp.Client(port) as client:
                self.assertEqual(client.call("PING"), b"PONG")
        finally:
            process.terminate()
            self.assertEqual(process.wait(timeout=90), 0)

    def test_the_pid_file_is_there_while_the_node_runs(self):
        pid_file = self.directory / "pid"
        node = self.start("pid", "--pid-file", str(pid_file))
        node.wait_ready()
        self.assertEqual(int(pid_file.read_text()), node.process.pid)
        self.assertEqual(node.leave(), 0)
        self.assertFalse(pid_file.exists())

    def test_seeds_that_do_not_answer_make_a_node_not_ready_with_the_reason(self):
        silent = f"127.0.0.1:{harness.free_ports(1)[0]}"
        node = self.start("lonely", seeds=[silent])
        code, body = self.ready_page(node)
        self.assertEqual(code, 503)
        self.assertIn(silent, body)
        harness.wait_until(lambda: node.http("/health")[0] == 200, "health")
        with resp.Client(node.port) as client:
            self.assertEqual(client.call("PING"), b"PONG")
            started = time.monotonic()
            self.assertIn("CLUSTERDOWN", str(client.call("GET", "k")))
            self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(node.leave(), 0)

    def test_seeds_that_do_not_help_are_named_in_the_log_with_the_reason(self):
        first = self.start("first")
        closed = harness.free_ports(1)[0]
        nodes = {
            "Connection refused": self.start("refused", seeds=[f"127.0.0.1:{closed}"]),
            "not a gossip port": self.start("client-port", seeds=[f"127.0.0.1:{first.port}"]),
            "without --seeds this node asks nobody": self.start(
                "expecting", "--bootstrap-expect", "3"),
        }
        for reason, node in nodes.items():
            # Said again after 30 s, should the reason not have been known the first time.
            line = harness.wait_until(
                lambda node=node, reason=reason: next(
                    (line for line in node.log().splitlines()
                     if "waiting: " in line and reason in line), None),
                f"{node.name} to say what it waits for")
            self.assertIn(" warn ", line)

    def test_the_end_of_a_wait_is_logged(self):
        ports = harness.free_ports(2)
        seed = f"127.0.0.1:{ports[1]}"
        waiting = self.start("waiting", seeds=[seed])
        harness.wait_until(lambda: seed in waiting.log() and "waiting: " in waiting.log(),
                           "the seed to be missed")
        with self.node_process("--bind", f"127.0.0.1:{ports[0]}", "--gossip", seed):
            waiting.wait_ready()
            harness.wait_until(lambda: "the wait is over: 2 nodes are here" in waiting.log(),
                               "the end of the wait to be logged")

    def test_settings_that_the_cluster_overrides_are_a_warning(self):
        first = self.start("first")
        first.wait_ready()
        second = self.start("second", "--shards", "8", seeds=[f"127.0.0.1:{first.gossip_port}"])
        second.wait_ready()
        line = harness.wait_until(
            lambda: next((line for line in second.log().splitlines()
                          if "shards 256 instead of 8" in line), None), "the warning")
        self.assertIn(" warn ", line)

    def test_nodes_on_all_interfaces_tell_one_address_whatever_their_seeds_are(self):
        ports = harness.free_ports(4)
        machine = subprocess.run(["hostname", "-I"], capture_output=True, text=True,
                                 check=True).stdout.split()
        of_others = [address for address in machine if ":" not in address]

        def told(port, gossip, *flags):
            """Where a node says that others reach it, as its log has it."""
            log = self.directory / "node.log"
            log.unlink(missing_ok=True)
            with self.node_process("--bind", f":{port}", "--gossip", f":{gossip}", *flags):
                pattern = r"are told (\S+):(\d+) for clients and (\S+):(\d+) for gossip"
                return harness.wait_until(lambda: re.search(pattern, log.read_text()),
                                          "the log line with the addresses").groups()

        founder = told(*ports[:2])
        host = founder[0]
        self.assertEqual(founder, (host, str(ports[0]), host, str(ports[1])))
        self.assertIn(host, of_others or ["127.0.0.1"])
        joiner = (host, str(ports[2]), host, str(ports[3]))
        self.assertEqual(told(*ports[2:], "--seeds", f"localhost:{ports[1]}"), joiner)
        self.assertEqual(told(*ports[2:]), joiner)

    def test_a_variable_that_is_no_setting_is_warned_of_in_the_log(self):
        log = self.directory / "node.log"
        with self.node_process("--bind", "127.0.0.1:0", "--gossip", "127.0.0.1:0",
                               AEGIS_NODEID="n"):
            harness.wait_until(lambda: "did you mean AEGIS_NODE_ID?" in log.read_text(),
                               "the warning")

    def test_seeds_by_name_are_resolved(self):
        first = self.start("first")
        first.wait_ready()
        second = self.start("second", seeds=[f"localhost:{first.gossip_port}"])
        second.wait_ready()
        harness.wait_until(lambda: len(first.status()["members"]) == 2, "both to be members")

    def test_a_second_node_with_a_live_id_is_refused_loudly_and_harms_nobody(self):
        first = self.start("same")
        first.wait_ready()
        with resp.Client(first.port) as client:
            self.assertEqual(client.call("SET", "k", "v"), b"OK")
        second = self.start("same", seeds=[f"127.0.0.1:{first.gossip_port}"])
        code, body = harness.wait_until(
            lambda: page if "same" in (page := second.http("/ready"))[1] else None,
            "the reason at /ready")
        self.assertEqual(code, 503, body)
        with resp.Client(first.port) as client:
            self.assertEqual(client.call("GET", "k"), b"v")
        first.wait_ready()

    def test_nodes_of_two_clusters_refuse_each_other_and_go_on(self):
        one = self.start("one")
        one.wait_ready()
        two = self.start("two")
        two.wait_ready()
        with resp.Client(one.port) as a, resp.Client(two.port) as b:
            a.call("SET", "k", "of one")
            b.call("SET", "k", "of two")
        self.assertEqual(two.leave(), 0)
        two._seeds = ["--seeds", f"127.0.0.1:{one.gossip_port}"]  # pylint: disable=protected-access
        two.restart()
        for node in (one, two):
            harness.wait_until(lambda node=node: "belongs to cluster" in node.log(),
                               f"{node.name} to name the clusters")
        self.assertEqual(len(one.status()["members"]), 1)
        with resp.Client(one.port) as client:
            self.assertEqual(client.call("GET", "k"), b"of one")
        one.wait_ready()

    def test_strangers_at_the_gossip_port_harm_nobody(self):
        node = self.start("target")
        node.wait_ready()
        for garbage in (b"", b"AG", b"GET / HTTP/1.1\r\n\r\n", b"AGKX", b"AGKG\xff\xff\xff\xff",
                        b"AGKG\x00\x00\x00\x05hello", b"AGKF" + b"\x00" * 16, b"AGKP" + b"\x01" * 8,
                        b"AGKP" + b"\x01" * 8 + b"\x00\x00\x00\x05hello"):
            with socket.create_connection(("127.0.0.1", node.gossip_port), timeout=20) as stream:
                try:
                    stream.sendall(garbage)
                    stream.shutdown(socket.SHUT_WR)
                    while stream.recv(1000):
                        pass
                except OSError:
                    pass  # Closed in our face: as good.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            for size in (0, 1, 100, 1400, 1401, 60_000):
                datagrams.sendto(os.urandom(size), ("127.0.0.1", node.gossip_port))
        with resp.Client(node.port) as client:
            self.assertEqual(client.call("PING"), b"PONG")
        node.wait_ready()

    def test_streams_that_say_nothing_are_closed(self):
        node = self.start("patient")
        node.wait_ready()
        with socket.create_connection(("127.0.0.1", node.gossip_port), timeout=60) as stream:
            stream.sendall(b"AG")
            self.assertEqual(stream.recv(10), b"")


class Stopping(harness.NodeTest):

    def tearDown(self):
        if self.node.running():
            self.node.kill()
        self.node.restart()
        self.node.wait_ready()

    def test_sigterm_and_sigint_exit_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.node.kill(number)
            self.assertEqual(self.node.process.wait(timeout=90), 0, self.node.log())
            self.node.restart()
            self.node.wait_ready()

    def test_idle_connections_do_not_delay_the_end(self):
        clients = [resp.Client(self.node.port) for _ in range(20)]
        for client in clients:
            client.call("PING")
        started = time.monotonic()
        self.assertEqual(self.node.leave(), 0)
        self.assertLess(time.monotonic() - started, 20, "--drain-timeout is 30 s")
        for client in clients:
            self.assertTrue(client.at_end())
            client.close()

    def test_requests_in_flight_are_answered_before_the_end(self):
        with resp.Client(self.node.port) as client:
            value = b"x" * 1_000_000
            client.call("SET", "big", value)
            # More than socket buffers hold: the node still has to send most of it when it is told
            # to leave.
            count = 64
            client.send(resp.command("GET", "big") * count)
            self.assertEqual(client.receive(), value)
            self.node.kill(signal.SIGTERM)
            for _ in range(count - 1):
                self.assertEqual(client.receive(), value)
            self.assertTrue(client.at_end())
        self.assertEqual(self.node.process.wait(timeout=90), 0)

    def test_a_second_signal_ends_at_once(self):
        with resp.Client(self.node.port) as client:
            client.call("SET", "big", b"x" * 1_000_000)
            client.send(resp.command("GET", "big") * 100)  # Never read: it would be waited for.
            client.receive()
            told = time.monotonic()
            self.node.kill(signal.SIGTERM)
            harness.wait_until(lambda: "leaving" in self.node.log(), "the node to begin to leave")
            self.node.kill(signal.SIGTERM)
            self.assertEqual(self.node.process.wait(timeout=90), 128 + signal.SIGTERM)
            self.assertLess(time.monotonic() - told, 25, "--drain-timeout is 30 s")

    def test_half_a_request_delays_the_end_only_a_little(self):
        with resp.Client(self.node.port) as client:
            client.call("PING")
            client.send(b"*2\r\n$3\r\nGET\r\n$10\r\nhalf")
            started = time.monotonic()
            self.assertEqual(self.node.leave(), 0)
            self.assertLess(time.monotonic() - started, 20, "--drain-timeout is 30 s")


class DrainTimeout(harness.NodeTest):
    flags = ("--drain-timeout", "1s")

    def tearDown(self):
        pass

    def test_a_client_that_never_reads_is_left_behind_after_the_drain_timeout(self):
        with resp.Client(self.node.port) as client:
            client.call("SET", "big", b"x" * 1_000_000)
            client.send(resp.command("GET", "big") * 100)
            client.receive()
            started = time.monotonic()
            self.assertEqual(self.node.leave(), 0)
            # Without it the client would be waited for until it has read nothing for 60 s.
            self.assertTrue(0.9 < time.monotonic() - started < 25)


class Remembering(harness.NodeTest):

    def setUp(self):
        self.home = self.node.data_dir / self.node.name

    def record(self):
        """It may be on disk only after the node is ready."""
        file = self.home / "node.json"
        harness.wait_until(file.exists, "the node to have written down what it is")
        return json.loads(file.read_text())

    def assert_serves(self):
        self.node.wait_ready()
        with resp.Client(self.node.port) as client:
            self.assertEqual(client.call("SET", "k", "v"), b"OK")
            self.assertEqual(client.call("GET", "k"), b"v")

    def test_a_founder_that_crashed_before_it_had_a_log_founds_it_again(self):
        harness.wait_until(lambda: "founder" not in self.record(), "the log to be on disk")
        before = self.record()
        self.node.kill()
        shutil.rmtree(self.home / "control")
        (self.home / "node.json").write_text(json.dumps({**before, "founder": True}))
        self.node.restart()
        self.assert_serves()
        harness.wait_until(lambda: "founder" not in self.record(), "the log to be on disk again")
        self.assertEqual(self.record()["cluster"], before["cluster"])
        self.node.kill()
        self.node.restart()
        self.assert_serves()

    def test_a_log_that_is_lost_later_is_not_founded_again_and_the_remedy_is_logged(self):
        harness.wait_until(lambda: "founder" not in self.record(), "the log to be on disk")
        before = self.record()
        self.node.kill()
        shutil.rmtree(self.home / "control")
        self.node.restart()
        harness.wait_until(lambda: "holds no control log" in self.node.log(), "the warning")
        harness.wait_until(lambda: (self.home / "control" / "identity").exists(), "an empty log")
        harness.wait_until(lambda: self.node.http("/ready")[0] == 503, "/ready to say no")
        self.node.kill()
        (self.home / "node.json").rename(self.home / "node.json.away")
        self.node.restart()
        self.assert_serves()
        self.assertNotEqual(self.record()["cluster"]["id"], before["cluster"]["id"])

    def test_a_node_that_lost_its_record_is_who_its_log_says(self):
        harness.wait_until(lambda: "founder" not in self.record(), "the log to be on disk")
        before = self.record()
        self.node.kill()
        (self.home / "node.json").unlink()
        self.node.restart()
        self.assert_serves()
        self.assertEqual(self.record()["cluster"], before["cluster"])
        self.assertIn("node.json was missing", self.node.log())

    def test_a_restarted_node_is_of_the_same_cluster(self):
        before = self.node.status()["cluster"]["id"]
        harness.wait_until(lambda: list(self.node.data_dir.glob("*/node.json")),
                           "the node to have written down what it is")
        self.node.kill()
        self.node.restart()
        self.node.wait_ready()
        self.assertEqual(self.node.status()["cluster"]["id"], before)


class LostLogs(unittest.TestCase):

    def test_a_founder_that_lost_its_log_joins_that_of_the_others(self):
        cluster = harness.Cluster(3, harness.BINARY)
        self.addCleanup(cluster.stop)
        cluster.start()
        founder = harness.wait_until(
            lambda: next((node for node in cluster.nodes if "formed cluster" in node.log()), None),
            "the founder to say so")
        home = founder.data_dir / founder.name
        harness.wait_until((home / "node.json").exists, "the founder's record to be on disk")
        harness.wait_until(lambda: "founder" not in json.loads((home / "node.json").read_text()),
                           "the log to be on disk")
        other = next(node for node in cluster.nodes if node is not founder)
        before = other.status()
        founder.kill()
        shutil.rmtree(home / "control")
        founder.restart()
        founder.wait_ready(60)
        for node in cluster.nodes:
            status = node.status()
            self.assertEqual(status["cluster"]["id"], before["cluster"]["id"], node.name)
            self.assertEqual(status["control"]["lineage"], before["control"]["lineage"], node.name)
        harness.wait_until(
            lambda: len({node.status()["control"]["leader"] for node in cluster.nodes}) == 1,
            "all to follow one leader")
        self.assertEqual(founder.log().count("formed cluster"), 1)
        self.assertNotIn("begins the log now", founder.log())


class HealthPages(harness.NodeTest):

    def test_pages_say_what_they_should(self):
        with resp.Client(self.node.port) as client:
            client.call("SET", "k", "v")
            client.call("GET", "k")
            client.call("GET", "none")
        with native.Client(self.node.port) as client:
            client.call(native.GET, b"k")
        harness.wait_until(lambda: self.node.http("/health")[0] == 200, "health")
        harness.wait_until(lambda: self.node.http("/ready") == (200, "ready\n"), "ready")
        self.assertEqual(self.node.http("/nothing")[0], 404)
        status = self.node.status()
        self.assertEqual(status["node"]["name"], "node1")
        self.assertEqual(len(status["shards"]), 256)
        self.assertTrue(all(shard["leader"] == "node1" for shard in status["shards"]))
        metrics = self.node.http("/metrics")[1].splitlines()

        def value(series):
            return next(float(line.split()[-1]) for line in metrics if line.startswith(series))

        self.assertEqual(value('aegiskv_commands_total{command="get",result="ok"}'), 2)
        self.assertEqual(value('aegiskv_commands_total{command="get",result="not_found"}'), 1)
        self.assertEqual(value('aegiskv_commands_total{command="set",result="ok"}'), 1)

    def test_a_stopped_process_does_not_answer_and_a_continued_one_is_healthy(self):
        self.node.kill(signal.SIGSTOP)
        answered = threading.Event()

        def ask():
            self.node.http("/health")
            answered.set()

        asker = threading.Thread(target=ask)
        asker.start()
        self.assertFalse(answered.wait(0.5))
        self.node.kill(signal.SIGCONT)
        self.assertTrue(answered.wait(60))
        asker.join()
        harness.wait_until(lambda: self.node.http("/health")[0] == 200, "health")


if __name__ == "__main__":
    harness.main()
