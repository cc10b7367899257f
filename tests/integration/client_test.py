"""aegis-cli, and so the C++ client, where addresses lead to others than they should."""

import json
import socketserver
import subprocess
import threading
import unittest
from pathlib import Path

import harness
import native
import resp

CLI = Path(harness.BINARY).parent / "aegis-cli"
UNAVAILABLE = 3  # The exit status.


def run_cli(*words, script=""):
    """One run of aegis-cli: its exit status and all that it said."""
    done = subprocess.run([CLI, *words], input=script, text=True, timeout=120, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class NodesTest(unittest.TestCase):

    def start(self, name, *flags):
        """A node of its own, which the test's end also ends."""
        cluster = harness.Cluster(1, harness.BINARY, flags=flags)
        self.addCleanup(cluster.stop)
        node = cluster.nodes[0]
        node.name = name
        node.restart()
        return node


def address_of(node):
    return f"127.0.0.1:{node.port}"


class TwoClusters(NodesTest):
    """x2 says that clients reach it where they reach y1, a cluster of its own."""

    def setUp(self):
        self.y1 = self.start("y1", *harness.STEADY)
        self.y1.wait_ready()
        self.x1 = self.start("x1", *harness.STEADY)
        self.x1.wait_ready()
        x2 = self.start("x2", *harness.STEADY, "--client-advertise", address_of(self.y1),
                        "--seeds", f"127.0.0.1:{self.x1.gossip_port}")
        x2.wait_ready()
        harness.wait_until(
            lambda: {s["leader"] for s in self.x1.status()["shards"]} == {"x1", "x2"},
            "both nodes of x to lead shards")

    @staticmethod
    def keys_of(node):
        return node.status()["node"]["keys"]

    def test_no_write_for_one_cluster_reaches_the_other(self):
        keys = [f"w{i}" for i in range(200)]
        status, said = run_cli("-s", address_of(self.x1),
                               script="".join(f"set {key} X\n" for key in keys))
        self.assertEqual((status, said.count("OK")), (0, len(keys)), said)
        self.assertEqual(self.keys_of(self.y1), 0)
        with resp.Client(self.x1.port) as client:
            for key in keys:
                self.assertEqual(client.call("GET", key), b"X", key)

    def test_who_was_expected_and_who_answered_is_said_when_nobody_else_is_left(self):
        with subprocess.Popen([CLI, "-s", address_of(self.x1)], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as cli:
            for number in range(50):  # By then it has learnt who leads what.
                cli.stdin.write(f"set k{number} v\n")
                cli.stdin.flush()
                self.assertIn("OK", cli.stdout.readline())
            self.x1.kill()
            said = ""
            for _ in range(10):  # The first may be told that the connection broke.
                cli.stdin.write("get k\n")
                cli.stdin.flush()
                said = cli.stdout.readline()
                if "Unavailable" in said and "expected" in said:
                    break
            self.assertRegex(said, f"Unavailable: .*{address_of(self.y1)}: expected node x2 of "
                                   "cluster [0-9a-f]{16}, but node y1 of cluster [0-9a-f]{16} "
                                   "answered")
            cli.stdin.close()
            self.assertEqual(cli.wait(), UNAVAILABLE)

    def test_a_seed_of_another_cluster_is_refused(self):
        script = "".join(f"set s{i} v\n" for i in range(100))
        _, said = run_cli("-s", f"{address_of(self.x1)},{address_of(self.y1)}", script=script)
        self.assertEqual(said.count("OK"), 100, said)
        self.assertIn(0, (self.keys_of(self.y1), self.keys_of(self.x1)))

    def test_every_node_can_be_pinged(self):
        status, said = run_cli("ping", address_of(self.x1), address_of(self.y1))
        self.assertEqual(status, 0, said)


class Strangers(NodesTest):

    def test_a_write_to_what_is_no_node_certainly_did_not_happen(self):
        class Refuse(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(1)
                self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        server = socketserver.TCPServer(("127.0.0.1", 0), Refuse)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        address = f"127.0.0.1:{server.server_address[1]}"
        status, said = run_cli("-s", address, "set", "k", "v")
        self.assertEqual(status, UNAVAILABLE, said)
        self.assertRegex(said, f"Unavailable: .*{address}: no AegisKV node answered")

    def test_a_node_without_a_cluster_says_what_it_waits_for(self):
        node = self.start("lonely", "--bootstrap-expect", "3",
                          "--seeds", f"127.0.0.1:{harness.free_ports(1)[0]}")
        _, page = harness.wait_until(
            lambda: page if (page := node.http("/ready"))[0] == 503 else None,
            "an answer of /ready")
        reason = page.strip()
        self.assertIn("1 of 3", reason)
        for words in (["members"], ["get", "k"], ["set", "k", "v"]):
            status, said = run_cli("-s", address_of(node), "--json", *words)
            answer = json.loads(said)
            self.assertEqual((status, answer["error"]), (UNAVAILABLE, "Unavailable"), said)
            self.assertIn(reason, answer["message"])
        self.assertEqual(run_cli("ping", address_of(node))[0], 0)
        with native.Client(node.port) as client:
            for command in (native.TOPOLOGY, native.IDENTIFY):
                self.assertEqual(client.call(command).error, f"UNAVAILABLE {reason}")
            self.assertEqual(client.call(native.GET, b"k").error, f"UNAVAILABLE {reason}")

    def test_a_node_says_who_it_is(self):
        node = self.start("known")
        node.wait_ready()
        with native.Client(node.port) as client:
            reply = client.call(native.IDENTIFY, number=7)
        self.assertEqual((reply.status, reply.id), (native.OK, 7))
        self.assertIn(b"known", reply.value)
        self.assertEqual(reply.value[1:9][::-1].hex(), node.status()["cluster"]["id"])


if __name__ == "__main__":
    harness.main()
