"""aegis-cli cluster recover: most voters are lost for good, and a survivor goes on alone."""

import re
import shutil
import unittest

import harness
import resp

MISSING = r"1 of 3 voters of the control log are heard, no majority; missing: (.*)"


class Recover(unittest.TestCase):

    def setUp(self):
        self.cluster = harness.Cluster(3, harness.BINARY)
        self.addCleanup(self.cluster.stop)
        self.cluster.start()
        self.survivor, *self.lost = self.cluster.nodes
        self.address = f"{self.survivor.host}:{self.survivor.http_port}"

    def recover(self, *flags, answer=""):
        return harness.aegis_cli("cluster", "recover", "--node", self.address, *flags,
                                 answer=answer)

    def lose_the_others(self):
        for node in self.lost:
            node.kill()
        harness.wait_until(lambda: re.match(MISSING, self.survivor.http("/ready")[1]),
                           "the survivor to miss the others")

    def serves(self, node, keys):
        with resp.Client(node.port) as client:
            return all(client.call("GET", key) == b"value" for key in keys)

    def test_a_survivor_names_the_missing_and_goes_on_alone_when_told_to(self):
        keys = [b"key%d" % i for i in range(100)]
        with resp.Client(self.survivor.port) as client:
            for key in keys:
                self.assertEqual(harness.served(client, "SET", key, "value"), b"OK")
        harness.wait_replicated(self.cluster.nodes)
        self.lose_the_others()

        code, why = self.survivor.http("/ready")
        self.assertEqual(code, 503)
        missing = re.match(MISSING, why).group(1)
        for node in self.lost:
            self.assertRegex(missing, rf"{node.name} \(id [0-9a-f]{{16}}, {node.host}:\d+, "
                                      r"not heard for \d+ s\)")
        control = self.survivor.status()["control"]
        self.assertEqual(sorted(voter["name"] for voter in control["voters_missing"]),
                         sorted(node.name for node in self.lost))
        server = f"{self.survivor.host}:{self.survivor.port}"
        harness.wait_until(
            lambda: re.search(rf"problem +{self.survivor.name}: 1 of 3 voters",
                              harness.aegis_cli("-s", server, "cluster")[1]),
            "aegis-cli cluster to name the problem")

        status, said = self.recover(answer="no\n")
        self.assertEqual((status, self.survivor.http("/ready")[0]), (2, 503), said)
        for words in (self.lost[0].name, self.lost[1].name, "two clusters", "Type yes to go on",
                      "nothing was done"):
            self.assertIn(words, said)
        status, said = self.recover(answer="yes\n")
        self.assertEqual(status, 0, said)
        harness.wait_until(lambda: self.serves(self.survivor, keys), "every key to be served")
        self.assertNotEqual(self.survivor.status()["control"]["lineage"], control["lineage"])

        self.old_voters_are_shut_out_until_they_are_empty(keys)

    def wait_ready_to_say(self, node, words):
        harness.wait_until(lambda: words in node.http("/ready")[1], f"{node.name}: {words}", 120)

    def old_voters_are_shut_out_until_they_are_empty(self, keys):
        for node in self.lost:
            node.restart()
        for node in self.lost:
            self.wait_ready_to_say(node, "the cluster was recovered without")
            self.assertFalse(node.status()["control"]["lease"]["holds"])
        harness.wait_until(lambda: self.serves(self.survivor, keys), "every key to be served still")
        for node in self.lost:
            node.kill()
            shutil.rmtree(node.data_dir)
            node.restart()
        for node in self.cluster.nodes:
            node.wait_ready(120)
            harness.wait_until(lambda node=node: self.serves(node, keys),
                               f"{node.name} to serve every key")

    def wait_for_a_leader(self):
        harness.wait_until(lambda: self.survivor.http("/health")[0] == 200 and
                           self.survivor.status()["control"]["leader"], "a leader")

    def test_a_recovered_node_that_is_restarted_stays_recovered(self):
        self.lose_the_others()
        self.assertEqual(self.recover("--yes")[0], 0)
        self.wait_for_a_leader()
        lineage = self.survivor.status()["control"]["lineage"]
        self.survivor.kill()
        self.survivor.restart()
        self.wait_for_a_leader()
        self.assertEqual(self.survivor.status()["control"]["lineage"], lineage)

    def test_with_a_majority_there_is_nothing_to_recover(self):
        harness.wait_until(lambda: len(self.survivor.status()["control"]["voters"]) == 3,
                           "three voters")
        status, said = self.recover("--yes")
        self.assertEqual(status, 2, said)
        # One that is held up may not be heard for a moment.
        self.assertRegex(said, "^aegis-cli: Invalid: nothing is lost: [23] of 3 voters "
                               "of the control log are heard, a majority\n$")
        self.survivor.wait_ready()

    def test_a_node_is_recovered_by_post_alone(self):
        self.assertEqual(self.survivor.http("/recover"), (405, "only POST is answered here\n"))


class Forget(unittest.TestCase):
    """aegis-cli cluster forget: a node that is lost for good is given up."""

    def setUp(self):
        # One copy of each key: what the lost node led is nowhere else.
        self.cluster = harness.Cluster(3, harness.BINARY, flags=("--replication-factor", "1"))
        self.addCleanup(self.cluster.stop)
        self.cluster.start()
        self.node, _, self.lost = self.cluster.nodes

    def forget(self, name, *flags, answer=""):
        address = f"{self.node.host}:{self.node.http_port}"
        return harness.aegis_cli("cluster", "forget", name, "--node", address, *flags,
                                 answer=answer)

    def test_only_who_is_gone_can_be_given_up(self):
        for name, why in (("nobody", "no node of this cluster is called 'nobody'"),
                          (self.node.name, "that is the node that was asked"),
                          (self.lost.name, f"{self.lost.name} is alive: stop it first, or drain "
                                           "it")):
            self.assertEqual(self.forget(name, "--yes"), (2, f"aegis-cli: Invalid: {why}\n"))

    def test_a_lost_node_is_marked_once_that_was_confirmed(self):
        self.lost.kill()
        harness.wait_until(lambda: self.forget(self.lost.name, answer="no\n")[1].count(
            "would be given up"), "the loss to be noticed")
        status, said = self.forget(self.lost.name, answer="no\n")
        self.assertEqual(status, 2)
        for words in ("older copy, or empty", "Type yes to go on", "nothing was done"):
            self.assertIn(words, said)
        status, said = self.forget(self.lost.name, answer="yes\n")
        self.assertEqual(status, 0, said)
        self.assertIn(f"{self.lost.name} is given up", said)
        harness.wait_until(lambda: "is given up, by order of an operator" in self.node.log(),
                           "the log to say so")


if __name__ == "__main__":
    harness.main()
