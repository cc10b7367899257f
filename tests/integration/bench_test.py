"""aegis-bench run and plot against real servers: a node in both protocols, a cluster, memcached."""

import importlib.machinery
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

import harness
import native
import resp

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench" / "peers"))

import figures  # pylint: disable=import-error,wrong-import-position

BENCH = Path(harness.BINARY).with_name("aegis-bench")


def run(*words):
    """One run of aegis-bench: its exit status and what it said."""
    done = subprocess.run([BENCH, *map(str, words)], text=True, timeout=120, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class BenchTest(unittest.TestCase):

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="aegis-bench-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def report(self, *words, status=0):
        """The report of a short run, which has to end with this exit status."""
        file = self.directory / "report.json"
        code, said = run("run", "--keys", 2000, "--duration", "1s", "--warm-up", "100ms",
                         "--json", file, *words)
        self.assertEqual(code, status, said)
        return json.loads(file.read_text(encoding="utf-8"))


class RunOnANode(harness.NodeTest, BenchTest):

    @property
    def server(self):
        return f"127.0.0.1:{self.node.port}"

    def fill(self, prefix):
        code, said = run("run", "-s", self.server, "--fill", "--keys", 2000, "--key-prefix", prefix,
                         "--duration", 0)
        self.assertEqual(code, 0, said)

    def assert_loaded(self, report):
        self.assertEqual(report["keys_filled"], 2000)
        self.assertEqual((report["errors"], report["misses"]), ({}, 0))
        self.assertGreater(report["per_second"], 100)
        self.assertGreater(report["gets"]["calls"], report["sets"]["calls"])
        self.assertGreater(report["sets"]["calls"], 0)
        self.assertGreaterEqual(report["all"]["p99_us"], report["all"]["p50_us"])

    def test_resp_is_filled_loaded_and_verified(self):
        self.assert_loaded(self.report("-s", self.server, "--fill", "--verify", "-p", 16,
                                       "--value-size", "50-200", "--distribution", "zipf"))
        with resp.Client(self.node.port) as client:
            self.assertIn(len(client.call("GET", "bench:0000001999")), range(50, 201))
            self.assertEqual(client.call("TTL", "bench:0000001999"), -1)

    def test_native_frames_are_filled_loaded_and_verified(self):
        self.assert_loaded(self.report("-s", self.server, "--fill", "--verify", "-p", 16,
                                       "--protocol", "native", "--key-prefix", "native:",
                                       "--ttl", "1h"))
        with native.Client(self.node.port) as client:
            reply = client.call(native.GET, b"native:000001999")
            self.assertEqual(len(reply.value), 100)
            self.assertGreater(reply.ttl, 3_000_000)

    def test_what_one_protocol_wrote_the_other_verifies(self):
        self.fill("shared:")
        report = self.report("-s", self.server, "--verify", "--key-prefix", "shared:",
                             "--protocol", "native", "--ratio", "1:0")
        self.assertEqual((report["errors"], report["misses"]), ({}, 0))

    def test_a_value_that_was_changed_is_found_out(self):
        self.fill("changed:")
        with resp.Client(self.node.port) as client:
            client.call("SET", "changed:00000042", "x" * 100)
        report = self.report("-s", self.server, "--verify", "--key-prefix", "changed:", "--ratio",
                             "1:0", "--distribution", "sequential", status=1)
        self.assertEqual(list(report["errors"]), ["a value that does not belong to its key"])

    def test_an_open_loop_keeps_its_rate(self):
        report = self.report("-s", self.server, "--rate", 1000, "-t", 2)
        self.assertEqual(report["all"]["calls"], 1000)
        self.assertEqual(report["never_sent"], 0)

    def test_the_server_is_charged_for_what_it_did(self):
        report = self.report("-s", self.server, "--fill", "--key-prefix", "charged:",
                             "--server-pid", self.node.process.pid)
        self.assertGreater(report["server"]["cpu_us_per_command"], 0.1)
        self.assertGreater(report["server"]["rss_at_end"], 1 << 20)

    def test_what_speaks_another_protocol_is_an_error(self):
        code, said = run("run", "-s", f"127.0.0.1:{self.node.http_port}", "--duration", "300ms",
                         "--warm-up", "0")
        self.assertEqual(code, 1, said)
        self.assertIn("calls failed: connection: not a reply: 'HTTP/1.1 400", said)

    def test_plots_are_svg_with_what_was_measured(self):
        plots = [self.directory / "one.svg", self.directory / "two.svg"]
        self.report("-s", self.server, "--svg", plots[0], "--label", "<ours>")
        code, said = run("plot", self.directory / "report.json", self.directory / "report.json",
                         "--svg", plots[1])
        self.assertEqual(code, 0, said)
        for plot in plots:
            tree = xml.etree.ElementTree.parse(plot)
            texts = {text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")}
            self.assertIn("Latency by percentile", texts)
            self.assertIn("commands per second", texts)
        self.assertIn("<ours>", texts)


class RunOnACluster(BenchTest):

    def test_calls_can_go_to_the_leaders_of_their_keys(self):
        with harness.Cluster(3, harness.BINARY, flags=harness.STEADY) as cluster:
            cluster.start_settled()
            servers = ",".join(f"127.0.0.1:{port}" for port in cluster.ports)

            def forwarded():
                return sum(float(line.split()[-1]) for node in cluster.nodes
                           for line in node.http("/metrics")[1].splitlines()
                           if line.startswith("aegiskv_forwarded_sent_total"))

            report = self.report("-s", servers, "--fill", "--verify")
            self.assertEqual((report["errors"], report["misses"]), ({}, 0))
            before = forwarded()
            self.assertGreater(before, 0, "any node takes any call")
            report = self.report("-s", servers, "--verify", "--to-leaders", "--protocol", "native")
            self.assertEqual((report["errors"], report["misses"]), ({}, 0))
            self.assertEqual(forwarded(), before)
            code, said = run("run", "-s", servers.split(",", maxsplit=1)[0], "--to-leaders")
            self.assertEqual(code, 2, said)
            self.assertIn("is not among --servers", said)


class RunOnMemcached(BenchTest):

    def test_its_text_protocol_is_filled_loaded_and_verified(self):
        binary = shutil.which("memcached")
        self.assertTrue(binary, "memcached is not installed: apt-get install memcached")
        (port,) = harness.free_ports(1)
        words = [binary, "-p", str(port), "-l", "127.0.0.1", "-U", "0", "-u", "root"]
        server = subprocess.Popen(  # pylint: disable=consider-using-with
            words, preexec_fn=harness.cluster_module.die_with_parent)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        harness.wait_until(lambda: run("run", "-s", f"127.0.0.1:{port}", "--fill", "--keys", 1,
                                       "--duration", 0, "--protocol", "memcached")[0] == 0,
                           "memcached to answer")
        report = self.report("-s", f"127.0.0.1:{port}", "--protocol", "memcached", "--fill",
                             "--verify", "-p", 16, "--value-size", "0,5:3,1000", "--ttl", "1h")
        self.assertEqual((report["errors"], report["misses"]), ({}, 0))
        self.assertEqual(report["keys_filled"], 2000)
        self.assertGreater(report["gets"]["calls"], 100)


class ExitStatuses(BenchTest):

    def test_nobody_to_connect_to_is_3(self):
        (port,) = harness.free_ports(1)
        code, said = run("run", "-s", f"127.0.0.1:{port}")
        self.assertEqual(code, 3)
        self.assertIn(f"127.0.0.1:{port}: Connection refused", said)

    def test_a_wrong_command_is_2(self):
        for words in (["run", "--ratio", "x"], ["run", "--server-pid", "2147483632"],
                      ["run", "--key-size", "3"], ["run", "--duration", "0"],
                      ["plot", "--svg", "-"], ["plot", __file__, "--svg", "-"]):
            code, said = run(*words)
            self.assertEqual(code, 2, (words, said))


class TablesOfPeers(unittest.TestCase):

    @staticmethod
    def round(cpu, p99=100.0):
        latencies = {f"{name}_us": p99 for name in ("p50", "p99", "p99.9")}
        return {"per_second": 1000, "rate_wanted": 500, "all": latencies,
                "server": {"cpu_us_per_command": cpu, "rss_per_key": 216.0,
                           "rss_after_fill": 300 << 20}}

    def test_ratios_are_taken_within_a_round(self):
        # The machine was twice as slow in the second round: the ratio does not show it.
        ours = [self.round(1.0), self.round(2.0), self.round(1.1)]
        theirs = [self.round(2.0), self.round(4.0), self.round(2.2)]
        self.assertAlmostEqual(figures.ratio(ours, theirs, figures.cpu), 0.5)
        self.assertIsNone(figures.ratio(ours, [], figures.cpu))

    def test_a_table_has_as_many_columns_as_its_head(self):
        rounds = {"Valkey 8": [self.round(2.0)], "AegisKV, RESP": [self.round(1.0)]}
        fills = {"AegisKV": self.round(1.0)}
        for table in (figures.load_table(rounds), figures.memory_table(fills, fills),
                      figures.half_load_table(rounds, rounds), figures.cluster_table(rounds),
                      figures.scrape_table([self.round(1.0)], [self.round(1.0)])):
            self.assertEqual({line.count("|") for line in table}, {table[0].count("|")}, table)

    def test_what_was_not_measured_is_left_out_and_not_zero(self):
        table = figures.load_table({"Valkey 8": [self.round(2.0)],
                                    "AegisKV, RESP": [self.round(1.0)]})
        self.assertIn("| 1.000 us (1.000-1.000) | 0.50x |  |  | 1.00x |", table[-1])

    def test_each_of_our_protocols_stands_beside_our_resp(self):
        table = figures.load_table({"Redis 7": [self.round(2.0)],
                                    "AegisKV, RESP": [self.round(1.0)],
                                    "AegisKV, native": [self.round(0.9)]})
        self.assertTrue(table[0].endswith("| to our RESP |"))
        self.assertTrue(table[-3].endswith("| 2.00x |"))
        self.assertTrue(table[-1].endswith("| 0.90x |"))

    def test_bytes_of_keys_and_values_are_not_counted_as_overhead(self):
        fills = {"AegisKV": self.round(1.0)}
        self.assertIn("| AegisKV | 100.0 | 100.0 | 300 MiB |",
                      figures.memory_table(fills, fills)[-1])


class TableOfMemory(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        path = str(ROOT / "scripts" / "bench-memory")
        loader = importlib.machinery.SourceFileLoader("bench_memory", path)
        cls.script = importlib.util.module_from_spec(
            importlib.util.spec_from_loader(loader.name, loader))
        loader.exec_module(cls.script)

    def test_a_figure_that_is_missed_is_called_so(self):
        self.assertEqual(self.script.row("x", 9.96, 10.0, "{:.1f} s"),
                         "| x | 10.0 s | 10.0 s | met |")
        self.assertEqual(self.script.row("x", 10.2, 10.0, "{:.1f} s"),
                         "| x | 10.0 s | 10.2 s | **missed** |")

    def test_every_shard_is_probed(self):
        for shards in (1, 3, 256):
            keys = self.script.key_of_each_shard(shards)
            self.assertEqual([harness.shard_of(key.encode(), shards) for key in keys],
                             list(range(shards)))


if __name__ == "__main__":
    harness.main()
