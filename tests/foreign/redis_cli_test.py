#!/usr/bin/env python3
"""redis-cli, as an operator uses it, against any node of three."""

import re
import subprocess

from cluster import wait_until
from foreign_cluster import ForeignClusterTest, main

PATIENCE = 120
TOOLS = ("redis-cli", "valkey-cli")


class RedisCliTest(ForeignClusterTest):
    def tool(self, tool, *words):
        """What one of Redis' or Valkey's own tools prints, errors among it."""
        done = subprocess.run([tool, "-h", "127.0.0.1", "-p", str(self.ports[1]), *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        return done.stdout

    def cli(self, node, *words, stdin=None):
        """What redis-cli prints for one command (or for what it reads from stdin)."""
        done = subprocess.run(
            ["redis-cli", "-h", "127.0.0.1", "-p", str(self.ports[node]), *words], input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True,
            timeout=PATIENCE, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.rstrip("\n")

    def test_what_one_node_takes_the_others_answer_with_its_lifetime(self):
        self.assertEqual(self.cli(1, "set", "k", "v", "ex", "600"), "OK")
        for node in (0, 1, 2):
            self.assertEqual(self.cli(node, "get", "k"), "v")
            self.assertIn(int(self.cli(node, "ttl", "k")), range(500, 601))

    def test_a_write_through_each_node_is_seen_through_each_other(self):
        for writer in range(3):
            for i in range(20):
                self.cli(writer, "set", f"w{writer}:{i}", f"{writer}-{i}")
        names = [f"w{writer}:{i}" for writer in range(3) for i in range(20)]
        for reader in range(3):
            values = self.cli(reader, "mget", *names).splitlines()
            self.assertEqual(values, [f"{writer}-{i}" for writer in range(3) for i in range(20)])

    def test_scripts_on_stdin_run_line_by_line(self):
        script = "set s 1\nincr s\nappend s 0\ngetrange s 0 -1\ndel s\nexists s\n"
        self.assertEqual(self.cli(2, stdin=script).splitlines(), ["OK", "2", "2", "20", "1", "0"])

    def test_mass_insertion_by_pipe_is_acknowledged_command_by_command(self):
        count = 10_000
        commands = "".join(f"SET pipe:{i} {i}\r\n" for i in range(count))
        printed = self.cli(0, "--pipe", stdin=commands)
        self.assertIn(f"errors: 0, replies: {count}", printed)
        self.assertEqual(self.cli(1, "get", f"pipe:{count - 1}"), str(count - 1))

    def test_resp3_is_spoken_on_request(self):
        self.assertEqual(self.cli(0, "-3", "hello").splitlines()[0].split(), ["server", "redis"])
        self.assertEqual(self.cli(0, "-3", "set", "r3", "v"), "OK")
        self.assertEqual(self.cli(1, "-3", "get", "r3"), "v")

    def test_a_value_from_stdin_arrives_byte_for_byte(self):
        self.assertEqual(self.cli(0, "-x", "set", "blob", stdin="line one\nline two"), "OK")
        self.assertEqual(self.cli(2, "strlen", "blob"), "17")

    def test_errors_are_shown_and_change_nothing(self):
        self.cli(0, "set", "text", "abc")
        self.assertEqual(self.cli(1, "incr", "text"),
                         "ERR value is not an integer or out of range")
        self.assertEqual(self.cli(1, "nonsense", "a"),
                         "ERR unknown command 'nonsense', with args beginning with: 'a' ")
        self.assertEqual(self.cli(2, "get", "text"), "abc")

    def test_info_and_client_list_are_readable(self):
        info = dict(line.split(":", 1) for line in self.cli(0, "info").splitlines()
                    if ":" in line)
        self.assertEqual(info["redis_mode"].strip(), "standalone")
        self.assertEqual(info["loading"].strip(), "0")
        self.assertEqual(info["aegis_nodes"].strip(), "3")
        self.assertEqual(info["tcp_port"].strip(), str(self.ports[0]))
        self.assertIn("cmd=client|list", self.cli(0, "client", "list"))

    def test_stat_prints_a_line_each_interval(self):
        self.cli(0, "set", "stat", "v")
        for tool in TOOLS:
            with self.subTest(tool=tool), subprocess.Popen(
                    [tool, "-p", str(self.ports[1]), "--stat", "-i", "0.1"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
                lines = [process.stdout.readline() for _ in range(4)]
                process.kill()
                self.assertIn("keys", lines[1])
                for line in lines[2:]:
                    self.assertRegex(line, r"^\d+ +[\d.]+[BKMG] +\d+ +0 +\d+ \(\+\d+\) +\d+ *$")

    def test_the_largest_keys_are_found(self):
        sizes = {f"big:{i}": 10 * i + 1 for i in range(300)}
        self.cli(0, stdin="".join(f"set {key} {'v' * size}\n" for key, size in sizes.items()))
        for tool in TOOLS:
            with self.subTest(tool=tool):
                out = self.tool(tool, "--bigkeys")
                self.assertRegex(out, r"Biggest string found .?\"?big:299\"?.? has 2991 bytes")
                self.assertIn(f"Sampled {self.cli(0, 'dbsize')} keys in the keyspace!", out)
                out = self.tool(tool, "--memkeys")
                self.assertRegex(out, r"Biggest string found .?\"?big:299\"?.? has 30\d\d bytes")

    def test_hot_keys_are_not_known_and_that_is_said(self):
        self.cli(0, "set", "hot", "v")
        for tool in TOOLS:
            with self.subTest(tool=tool):
                self.assertIn("An LFU maxmemory policy is not selected",
                              self.tool(tool, "--hotkeys"))

    def test_latency_is_measured(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                def measured(tool=tool):
                    """In the second that it takes; a busy machine leaves it none of that."""
                    figures = self.tool(tool, "--latency").split()
                    return figures if int(figures[3]) > 10 else None
                least, most, mean, _ = wait_until(measured, "a dozen measurements")
                self.assertLessEqual(float(least), float(mean))
                self.assertLessEqual(float(mean), float(most))

    def test_what_was_slow_is_listed(self):
        self.assertEqual(self.cli(0, "config", "set", "latency-monitor-threshold", "1"), "OK")
        self.cli(0, stdin="".join(f"set slow:{i} v\n" for i in range(20_000)))
        names = set()
        for _ in range(200):
            self.cli(0, "keys", "slow:*")
            names = {line.split()[0] for line in self.cli(0, "latency", "latest").splitlines()}
            if "command" in names:
                break
        self.assertIn("command", names)
        self.assertIn("command: in", self.cli(0, "latency", "doctor"))
        self.assertGreaterEqual(int(self.cli(0, "latency", "reset")), 1)
        self.cli(0, "config", "set", "latency-monitor-threshold", "0")

    def test_links_lead_to_the_other_nodes(self):
        names = {self.cli(node, "cluster", "myid") for node in range(3)}
        others = names - {self.cli(0, "cluster", "myid")}
        wait_until(lambda: set(re.findall(r"[0-9a-f]{40}", self.cli(0, "cluster", "links")))
                   == others, "a link to each of the others")
        for node in names:
            wait_until(lambda node=node: self.cli(0, "cluster", "replicas", node).count(
                f"slave {node}") == 2, "two replicas")
            self.assertNotIn(f"{node} 127", self.cli(0, "cluster", "replicas", node))


if __name__ == "__main__":
    main()
