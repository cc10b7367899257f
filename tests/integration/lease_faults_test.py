"""Five nodes on a private network: whatever befalls the leader of a shard, another one takes over,
and from then on nobody gets an OK from the old one.

Whose acknowledgement it is shows in the native protocol: a client that asks for redirects is not
answered for another node, unless the leader changed while the node looked for it, and the version
of what was written names the epoch under which its leader acknowledged it.
"""

import itertools
import re
import threading
import time
import unittest

import harness
import native
import resp
from faults_test import FaultTest

REFUSALS = ("CLUSTERDOWN", "TRYAGAIN", "UNKNOWNOUTCOME")
SET_HERE = native.SET | native.REDIRECT_FLAG


class DirectWriter(threading.Thread):
    """Writes a key at its leader again and again, and keeps what was acknowledged in its epoch."""

    def __init__(self, node, key, epoch):
        super().__init__(daemon=True)
        self._node, self._key, self._epoch = node, key, epoch
        self.stopping = threading.Event()
        # When each acknowledgement was here, see time.monotonic(). That was no earlier than it was
        # given, so one that comes too late is never taken for one in time.
        self.acknowledged = []
        self.last = b""  # The value that was sent last.

    def run(self):
        client = native.Client(self._node.port, timeout=30, host=self._node.host)
        for number in itertools.count():
            if self.stopping.is_set():
                break
            self.last = b"old-%d" % number
            reply = client.call(SET_HERE, self._key, self.last)
            answered = time.monotonic()
            if reply is None:
                break  # The test is over.
            if reply.status == native.OK and reply.epoch == self._epoch:
                self.acknowledged.append(answered)
            else:
                time.sleep(0.002)
        client.socket.close()


class LeaseFaultTest(FaultTest):
    """`self.victim`: the number of a node that leads shards."""

    victim = 1
    lease = harness.LEASE  # Seconds that one holds.

    def setUp(self):
        super().setUp()
        self.cluster.wait_settled()

    def fences(self):
        """How often nodes have lost their lease to a fence, as far as they said so."""
        return [node.log().count("lost its lease") for node in self.nodes]

    def name(self, i):
        return self.nodes[i].name

    def keys_led_by(self, i, count):
        """Keys of different shards that node i leads."""
        return harness.wait_until(lambda: self.keys_seen_led_by(i, count),
                                  f"{self.name(i)} to lead something")

    def keys_seen_led_by(self, i, count):
        leaders = [shard["leader"] for shard in self.nodes[i].status()["shards"]]
        keys = {}
        for number in range(100_000):
            key = b"key%d" % number
            shard = harness.shard_of(key)
            if leaders[shard] == self.name(i):
                keys.setdefault(shard, key)
            if len(keys) == count:
                break
        return list(keys.values())

    def epoch(self, key, without):
        return max(node.status()["shards"][harness.shard_of(key)]["epoch"]
                   for i, node in enumerate(self.nodes) if i not in without)

    def control_leader(self):
        """The number of the node that last said that it leads the control log."""
        terms = {int(term): i for i, node in enumerate(self.nodes)
                 for term in re.findall(r"leads the control log, term (\d+)", node.log())}
        return terms[max(terms)]

    def take_over(self, key, asked, value=b"new"):
        """Writes the key at whoever of `asked` leads it now; when that was answered."""
        clients = [native.Client(self.nodes[i].port, host=self.nodes[i].host) for i in asked]

        def written():
            return any(client.call(SET_HERE, key, value).status == native.OK for client in clients)

        harness.wait_until(written, f"a new leader of {key}")
        answered = time.monotonic()
        for client in clients:
            client.socket.close()
        return answered

    def check_cut_off(self, fault, victim, minority):
        """The victim stops acknowledging when its lease ends, before a successor acknowledges, and
        the minority's clients get no OK. The majority goes on."""
        majority = [i for i in range(self.size) if i not in minority]
        key, before, writer = harness.wait_until(lambda: self.write_at(victim), "a leader's writes")
        fault()
        began = time.monotonic()
        succeeded = self.take_over(key, majority)
        self.assertGreater(self.epoch(key, minority), before)
        for i in minority:
            with self.nodes[i].client(timeout=30) as client:
                reply = client.call("SET", key, "refused")
            self.assertIsInstance(reply, resp.ReplyError)
            self.assertTrue(str(reply).startswith(REFUSALS), reply)
        writer.stopping.set()
        last = max(writer.acknowledged)
        self.assertLess(last, succeeded)
        self.assertLess(last - began, self.lease * 1.1)
        self.network.heal()
        self.cluster.wait_settled()
        writer.join()
        self.assertEqual(max(writer.acknowledged), last)
        with self.nodes[victim].client() as client:  # What was under way may still be carried out.
            self.assertIn(harness.served(client, "GET", key), (b"new", writer.last))

    def write_at(self, victim):
        """(key, epoch, its writer, which has had some writes acknowledged). None: the machine cost
        the victim its lease meanwhile."""
        key = self.keys_led_by(victim, 1)[0]
        epoch = self.epoch(key, [])
        writer = DirectWriter(self.nodes[victim], key, epoch)
        writer.start()

        def moved():
            return self.epoch(key, []) != epoch

        harness.wait_until(lambda: len(writer.acknowledged) > 20 or moved(), "acknowledged writes")
        if len(writer.acknowledged) > 20:
            return key, epoch, writer
        writer.stopping.set()
        writer.join()
        return None


class LostLeaders(LeaseFaultTest):

    def check_killed(self, victim):
        keys = self.keys_led_by(victim, 5)
        epochs = [self.epoch(key, []) for key in keys]
        self.cluster.kill(victim)
        asked = [i for i in range(self.size) if i != victim]
        for key, epoch in zip(keys, epochs):
            self.take_over(key, asked)
            self.assertGreater(self.epoch(key, [victim]), epoch)
        self.cluster.restart(victim)
        self.cluster.wait_ready(victim)
        self.cluster.wait_settled()
        with self.nodes[victim].client() as client:
            self.assertEqual([harness.served(client, "GET", key) for key in keys],
                             [b"new"] * len(keys))

    def test_a_killed_leader_is_replaced_in_a_later_epoch(self):
        control = self.control_leader()
        self.check_killed((control + 1) % self.size)

    def test_a_killed_leader_that_led_the_control_log_too_is_replaced(self):
        self.check_killed(self.control_leader())

    def check_paused(self, victim):
        """5,000 writes are sent to a leader that is stopped, and replaced, before it goes on."""
        old = native.Client(self.nodes[victim].port, 60, self.nodes[victim].host)
        forwarded = self.nodes[victim].client(timeout=60)
        self.addCleanup(forwarded.close)
        self.addCleanup(old.socket.close)

        def written():
            key = self.keys_led_by(victim, 1)[0]
            reply = old.call(SET_HERE, key, b"before")
            written_here = reply.status == native.OK and reply.epoch == self.epoch(key, [])
            return (key, reply.epoch) if written_here else None

        key, epoch = harness.wait_until(written, "a write at its leader")
        began = time.monotonic()
        self.cluster.pause(victim)
        self.take_over(key, [i for i in range(self.size) if i != victim])
        tagged = [b"{%s}:%d" % (key, i) for i in range(5000)]
        senders = [
            threading.Thread(target=old.send, args=(b"".join(
                native.request(SET_HERE, key, b"old-%d" % i, number=i) for i in range(5000)),)),
            threading.Thread(target=forwarded.send, args=(b"".join(
                resp.command("SET", each, each) for each in tagged),))]
        for sender in senders:
            sender.start()
        time.sleep(max(began + 3 - time.monotonic(), 0))
        self.cluster.resume(victim)
        # Answers come in any order.
        answers = sorted((old.receive() for _ in range(5000)), key=lambda answer: answer.id)
        replies = [forwarded.receive() for _ in range(5000)]
        for sender in senders:
            sender.join()
        # Not one by the old leader itself; what it passed on to the new one is in the new epoch.
        passed_on = [i for i, answer in enumerate(answers) if answer.status == native.OK]
        self.assertEqual([i for i in passed_on if answers[i].epoch <= epoch], [])
        acknowledged = [each for each, reply in zip(tagged, replies) if reply == b"OK"]
        self.assertEqual([reply for reply in replies if reply != b"OK"
                          and not str(reply).startswith(REFUSALS)], [])
        self.cluster.wait_settled()
        with self.nodes[(victim + 1) % self.size].client() as client:
            client.send(b"".join(resp.command("GET", each) for each in acknowledged))
            first = [client.receive() for _ in acknowledged]
            shown = [harness.served(client, "GET", each) if str(reply).startswith(REFUSALS)
                     else reply for each, reply in zip(acknowledged, first)]
            self.assertEqual(shown, acknowledged)
            # They took effect in their order: the last acknowledged one stands, or what was sent
            # behind it and has no known outcome.
            last = max(passed_on, default=-1)
            stands = {b"old-%d" % last if passed_on else b"new"}
            stands.update(b"old-%d" % i for i in range(last + 1, len(answers))
                          if answers[i].error.startswith("UNKNOWN"))
            self.assertIn(harness.served(client, "GET", key), stands)

    def test_a_leader_that_was_paused_acknowledges_nothing_itself_once_it_is_replaced(self):
        control = self.control_leader()
        self.check_paused((control + 1) % self.size)

    def test_nor_does_one_that_led_the_control_log_too(self):
        self.check_paused(self.control_leader())


class CutOffLeaders(LeaseFaultTest):

    def minority(self):
        control = self.control_leader()
        return (control + 1) % self.size, [(control + 1) % self.size, (control + 2) % self.size]

    def test_a_leader_in_a_minority_stops_when_its_lease_ends(self):
        victim, minority = self.minority()
        majority = [i for i in range(self.size) if i not in minority]
        self.check_cut_off(lambda: self.network.partition(minority, majority), victim, minority)

    def test_a_control_leader_in_a_minority_stops_when_its_lease_ends(self):
        victim = self.control_leader()
        minority = [victim, (victim + 1) % self.size]
        majority = [i for i in range(self.size) if i not in minority]
        self.check_cut_off(lambda: self.network.partition(minority, majority), victim, minority)

    def test_a_leader_that_nobody_hears_is_replaced(self):
        victim = self.minority()[0]
        others = [i for i in range(self.size) if i != victim]
        self.check_cut_off(lambda: self.network.cut([victim], others), victim, [victim])

    def test_a_leader_that_hears_nobody_is_replaced(self):
        victim = self.minority()[0]
        others = [i for i in range(self.size) if i != victim]
        self.check_cut_off(lambda: self.network.cut(others, [victim]), victim, [victim])


class DriftingLeaders(LeaseFaultTest):
    """The fastest clock runs 8 % faster than the slowest; --clock-drift-max is 10 %."""

    flags = harness.STEADY  # Nobody but the victim may lose its lease.
    lease = 5.0

    def prepare(self):
        for node, rate in zip(self.nodes, (1.04, 0.963, 1.0, 1.04, 0.963)):
            node.clock_rate = rate

    def check(self, victim):
        before = self.fences()
        others = [i for i in range(self.size) if i != victim]
        self.check_cut_off(lambda: self.network.partition([victim], others), victim, [victim])
        lost = [after - earlier for earlier, after in zip(before, self.fences())]
        self.assertEqual(lost, [int(i == victim) for i in range(self.size)])

    def test_a_leader_whose_clock_is_slow_stops_before_its_successor_begins(self):
        self.check(1)

    def test_a_leader_whose_clock_is_fast_stops_before_its_successor_begins(self):
        self.check(0)


class FullDisks(LeaseFaultTest):

    full = 2
    flags = harness.STEADY  # A full disk alone costs no lease.

    def prepare(self):
        self.nodes[self.full].use_small_disk(4 << 20)

    def test_a_voter_with_a_full_disk_says_so_and_serves_under_the_leases_that_others_grant(self):
        node = self.nodes[self.full]
        before = self.fences()[self.full]
        node.fill_disk()
        victim = (self.full + 1) % self.size
        others = [i for i in range(self.size) if i != victim]
        of_victim = self.keys_led_by(victim, 2)

        def told():
            self.cluster.kill(victim)
            for key in of_victim:
                self.take_over(key, others)
            self.cluster.restart(victim)
            self.cluster.wait_ready(victim)
            return "the control log cannot be written" in node.log()

        harness.wait_until(told, "the disk's problem in the log", 120)
        node.wait_ready()
        body = harness.wait_until(
            lambda: page if "the control log cannot be written: " in
            (page := node.http("/ready")[1]) else None, "/ready to tell")
        self.assertIn("No space left", body)
        self.assertIn("No space left", node.status()["control"]["disk_problem"])

        def serves():
            with native.Client(node.port, host=node.host) as client:
                return all(client.call(SET_HERE, key, b"still here").status == native.OK
                           for key in self.keys_led_by(self.full, 3))

        harness.wait_until(serves, "writes where the disk is full")
        self.assertEqual(self.fences()[self.full], before)


class FullLogDisks(LeaseFaultTest):

    full = 2
    flags = (*harness.STEADY, "--wal", "fsync", "--wal-segment-mb", "1")

    def prepare(self):
        self.nodes[self.full].use_small_disk(16 << 20)

    def test_a_node_whose_log_fails_acknowledges_nothing_says_why_and_hands_over(self):
        node = self.nodes[self.full]
        (key,) = self.keys_led_by(self.full, 1)
        self.take_over(key, [self.full], b"kept")
        node.fill_disk()

        def failed():
            with native.Client(node.port, timeout=30, host=node.host) as client:
                client.call(SET_HERE, key, bytes(200_000))
            return "the write-ahead log cannot be written" in node.http("/ready")[1]

        harness.wait_until(failed, "the log to fail")
        code, body = node.http("/ready")
        self.assertEqual(code, 503)
        self.assertIn("No space left", body)
        self.assertRegex(node.log(), "error +wal .*hands over what it leads")
        self.take_over(key, [i for i in range(self.size) if i != self.full])
        self.assertIn("aegiskv_wal_failed 1", node.http("/metrics")[1])


if __name__ == "__main__":
    harness.main()
