"""Three nodes, reads that any copy may answer: fresh enough, marked, and there even when nobody can
lead any more."""

import json
import subprocess
import unittest
from pathlib import Path

import harness
import resp

CLI = Path(harness.BINARY).parent / "aegis-cli"


class StaleReadsTest(unittest.TestCase):
    # A copy that became the leader would not tell its age.
    flags = harness.STEADY

    def setUp(self):
        self.cluster = harness.Cluster(3, harness.BINARY, flags=self.flags)
        self.addCleanup(self.cluster.stop)
        self.cluster.start_settled()
        self.nodes = self.cluster.nodes

    def cli(self, i, *words, timeout="10s"):
        done = subprocess.run(
            [CLI, "-s", f"127.0.0.1:{self.nodes[i].port}", "--timeout", timeout, *words], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def write(self, key, value):
        client = resp.Client(self.nodes[0].port)
        self.addCleanup(client.close)
        self.assertEqual(harness.served(client, "SET", key, value), b"OK")


class Followers(StaleReadsTest):

    def test_a_copy_answers_within_the_bound_and_tells_its_age(self):
        key = harness.key_led_by(self.nodes[0], self.nodes[0].name)
        self.write(key, "v")
        harness.wait_replicated(self.nodes)

        def from_the_copy():
            # The first read of the copy has it ask its leader; that one may answer meanwhile.
            status, out, _ = self.cli(1, "--max-staleness", "30s", "get", key, "--json")
            self.assertEqual(status, 0)
            answer = json.loads(out)
            self.assertEqual(answer["value"], "v")
            if "stale" not in answer:
                return False
            self.assertTrue(answer["stale"])
            self.assertGreaterEqual(answer["age_ms"], 0)
            self.assertLessEqual(answer["age_ms"], 30_000)
            return True
        harness.wait_until(from_the_copy, "an answer of the copy")
        self.assertIn("\naegiskv_stale_reads_total ", self.nodes[1].http("/metrics")[1])
        self.assertNotIn("\naegiskv_stale_reads_total 0\n", self.nodes[1].http("/metrics")[1])
        self.assertNotIn("stale", self.cli(1, "get", key, "--json")[1])


class LastOne(StaleReadsTest):

    def test_without_a_majority_it_shows_what_it_holds_to_who_wants_it_and_refuses_the_rest(self):
        keys = [harness.key_led_by(self.nodes[0], node.name) for node in self.nodes]
        for key in keys:
            self.write(key, "v")
        harness.wait_replicated(self.nodes)
        self.cluster.kill(0)
        self.cluster.kill(1)

        def refused():
            return self.cli(2, "get", keys[2], timeout="1s")[0] == 3
        harness.wait_until(refused, "the end of the lease")
        for key in keys:
            self.assertEqual(self.cli(2, "get", key, timeout="1s")[0], 3)
            self.assertEqual(self.cli(2, "--max-staleness", "50ms", "get", key, timeout="1s")[0], 3)
            status, out, err = self.cli(2, "--max-staleness", "any", "get", key)
            self.assertEqual((status, out), (0, "v\n"), err)
            self.assertTrue(err.startswith("stale: from a copy "), err)
        status, _, err = self.cli(2, "--max-staleness", "any", "get", "no-such-key")
        self.assertEqual(status, 1)
        self.assertIn("no such key in a copy ", err)


class QuorumWrites(StaleReadsTest):
    flags = ("--write-quorum", "2", *harness.STEADY)

    def test_what_a_quorum_has_acknowledged_the_last_one_shows(self):
        keys = [harness.key_led_by(self.nodes[0], node.name) for node in self.nodes]
        for key in keys:
            self.write(key, "v")

        def shown(key):
            status, out, _ = self.cli(2, "--max-staleness", "any", "get", key, "--json")
            if status != 0:
                return False
            answer = json.loads(out)
            return answer.get("value") == "v" and ("stale" in answer or key == keys[2])
        for key in keys:
            harness.wait_until(lambda key=key: shown(key), "that the copy knows it is committed")
        self.cluster.kill(0)
        self.cluster.kill(1)
        harness.wait_until(lambda: self.cli(2, "get", keys[2], timeout="1s")[0] == 3,
                           "the end of the lease")
        for key in keys:
            self.assertEqual(self.cli(2, "--max-staleness", "any", "get", key)[:2], (0, "v\n"))


if __name__ == "__main__":
    harness.main()
