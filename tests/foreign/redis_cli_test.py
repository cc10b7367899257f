#!/usr/bin/env python3
"""redis-cli, as an operator uses it, against any node of three."""

import subprocess

from foreign_cluster import ForeignClusterTest, main

PATIENCE = 30


class RedisCliTest(ForeignClusterTest):
    def cli(self, node, *words, stdin=None):
        """What redis-cli prints for one command (or for what it reads from stdin)."""
        done = subprocess.run(
            ["redis-cli", "-h", "127.0.0.1", "-p", str(self.ports[node]), *words], input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=True,
            timeout=PATIENCE, check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.rstrip("\n")

    def test_what_one_node_takes_the_others_answer_with_its_lifetime(self):
        self.assertEqual(self.cli(1, "set", "k", "v", "ex", "60"), "OK")
        for node in (0, 1, 2):
            self.assertEqual(self.cli(node, "get", "k"), "v")
            self.assertIn(int(self.cli(node, "ttl", "k")), range(50, 61))

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


if __name__ == "__main__":
    main()
