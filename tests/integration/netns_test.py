"""The private network of the fault tests does what netns.py says: checked without any node."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

import harness
import netns

PORT = 5000
SOON = 20.0  # Seconds in which a packet that is not dropped has arrived.
# How long to wait for what must not arrive. What could be late has been seen before in order.
NEVER = 0.3
# How long none of many packets may come before no more are awaited: the machine may hold up a wire.
NO_MORE = 3.0

HERE = Path(__file__).resolve().parent
MAKE_AND_WAIT = """
import sys, time
import netns
network = netns.Network(2)
print("\\n".join(network.names()), flush=True)
time.sleep(60)
"""


class NetworkTest(unittest.TestCase):

    wired = False

    def setUp(self):
        self.network = netns.Network(3, self.wired)
        self.addCleanup(self.network.close)

    def socket(self, host, kind=socket.SOCK_DGRAM):
        """A socket of a host, on PORT of its address."""
        with self.network.namespaces[host]:
            made = socket.socket(socket.AF_INET, kind)
        self.addCleanup(made.close)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.network.address(host), PORT))
        made.settimeout(SOON)
        return made

    def arrives(self, sender, receiver, count=1, patience=SOON):
        """How many of `count` datagrams get from one host to the other."""
        with contextlib.ExitStack() as sockets:
            source = sockets.enter_context(self.socket(sender))
            target = sockets.enter_context(self.socket(receiver))
            for number in range(count):
                source.sendto(b"%d" % number, (self.network.address(receiver), PORT))
            target.settimeout(patience)
            arrived = 0
            while arrived < count:
                try:
                    target.recv(100)
                except TimeoutError:
                    break
                arrived += 1
            return arrived

    def assert_passes(self, sender, receiver):
        self.assertEqual(self.arrives(sender, receiver), 1, f"{sender} to {receiver}")

    def assert_cut(self, sender, receiver):
        self.assertEqual(self.arrives(sender, receiver, patience=NEVER), 0,
                         f"{sender} to {receiver}")


class Netns(NetworkTest):

    def test_everybody_reaches_everybody(self):
        for sender in range(3):
            for receiver in set(range(3)) - {sender}:
                self.assert_passes(sender, receiver)

    def test_a_partition_cuts_both_ways_until_it_heals(self):
        self.network.partition([0], [1, 2])
        for other in (1, 2):
            self.assert_cut(0, other)
            self.assert_cut(other, 0)
        self.assert_passes(1, 2)
        self.network.heal()
        self.assert_passes(0, 1)
        self.assert_passes(1, 0)

    def test_a_one_way_cut_leaves_the_other_way_open(self):
        self.network.cut([0], [1])
        self.assert_cut(0, 1)
        self.assert_passes(1, 0)
        self.assert_passes(0, 2)
        self.network.heal()
        self.assert_passes(0, 1)

    def test_cuts_add_up(self):
        self.network.cut([0], [1])
        self.network.cut([2], [1])
        self.assert_cut(0, 1)
        self.assert_cut(2, 1)

    def test_a_lossy_link_loses_some_packets(self):
        self.network.lose([0], [1], 0.5)
        arrived = self.arrives(0, 1, count=200, patience=NO_MORE)
        self.assertGreater(arrived, 50)
        self.assertLess(arrived, 150)
        self.assertEqual(self.arrives(1, 0, count=200), 200)

    def test_a_partition_silences_open_connections_without_closing_them(self):
        listener = self.socket(1, socket.SOCK_STREAM)
        listener.listen()
        client = self.socket(0, socket.SOCK_STREAM)
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        self.addCleanup(server.close)
        server.settimeout(NEVER)
        self.network.partition([0], [1])
        client.sendall(b"x")
        with self.assertRaises(TimeoutError):
            server.recv(1)
        server.settimeout(SOON)
        self.network.heal()
        self.assertEqual(server.recv(1), b"x")

    def test_the_test_reaches_every_host_in_spite_of_partitions(self):
        self.network.partition([0], [1, 2])
        for host in range(3):
            target = self.socket(host)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
                own.sendto(b"x", target.getsockname())
                data, sender = target.recvfrom(100)
            self.assertEqual((data, sender[0]), (b"x", self.network.test_address))

    def test_a_closed_network_leaves_nothing(self):
        self.assertEqual(len(self.network.names()), 5)  # Hosts, switch, and the test's own link.
        self.network.close()
        self.assertEqual(self.network.names(), [])


class Wired(NetworkTest):
    """Every packet goes through the proxy."""

    wired = True
    DELAY = 0.1

    def round_trip(self, sender, receiver):
        """Seconds that a datagram and its answer take; None: there is none."""
        with contextlib.ExitStack() as sockets:
            source = sockets.enter_context(self.socket(sender))
            target = sockets.enter_context(self.socket(receiver))
            began = time.monotonic()
            try:
                source.sendto(b"x", target.getsockname())
                target.sendto(b"x", target.recvfrom(10)[1])
                source.recv(10)
            except TimeoutError:
                return None
            return time.monotonic() - began

    def test_packets_are_late_by_what_was_said_and_in_time_once_it_is_healed(self):
        self.assert_passes(0, 1)
        self.network.impair([0, 1], [0, 1], delay=self.DELAY)
        self.assertGreater(self.round_trip(0, 1), 2 * self.DELAY)
        self.network.heal()
        # None could be so quick before; on a busy machine not every one is.
        harness.wait_until(lambda: (self.round_trip(0, 1) or self.DELAY) < self.DELAY,
                           "a packet in time")

    def test_packets_overtake_each_other(self):
        self.network.impair([0], [1], jitter=self.DELAY)
        source, target = self.socket(0), self.socket(1)
        for number in range(50):
            source.sendto(b"%d" % number, target.getsockname())
        arrived = [int(target.recv(10)) for _ in range(50)]
        self.assertNotEqual(arrived, sorted(arrived))
        self.assertEqual(sorted(arrived), list(range(50)))

    def test_a_share_of_the_packets_is_lost(self):
        self.network.impair([0], [1], loss=0.5)
        arrived = self.arrives(0, 1, count=200, patience=NO_MORE)
        self.assertGreater(arrived, 50)
        self.assertLess(arrived, 150)
        self.assertEqual(self.arrives(1, 0, count=200), 200)

    def test_cuts_hold_and_the_test_is_outside_of_them(self):
        self.network.partition([0], [1, 2])
        self.assert_cut(0, 1)
        self.assert_cut(2, 0)
        self.assert_passes(1, 2)
        target = self.socket(0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"x", target.getsockname())
            self.assertEqual(target.recv(10), b"x")

    def test_a_closed_network_leaves_nothing(self):
        self.assertEqual(len(self.network.names()), 4)  # Hosts, and the test's own link.
        self.network.close()
        self.assertEqual(self.network.names(), [])


class NetnsOfAnotherProcess(unittest.TestCase):
    """Whatever ends a test, its network goes."""

    def start(self):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, "-B", "-c", MAKE_AND_WAIT], cwd=HERE, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        names = [process.stdout.readline().strip() for _ in range(4)]
        self.assertTrue(all(name in self.existing() for name in names), names)
        return process, names

    @staticmethod
    def existing():
        return os.listdir("/var/run/netns") + os.listdir("/sys/class/net")

    def remaining(self, names):
        return [name for name in names if name in self.existing()]

    def test_a_terminated_test_leaves_nothing(self):
        process, names = self.start()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        self.assertEqual(self.remaining(names), [])

    def test_what_a_killed_test_left_is_removed_by_the_next_one(self):
        process, names = self.start()
        process.kill()
        # Until it is waited for, no other test that runs now takes its network for left behind.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        self.assertNotEqual(self.remaining(names), [])
        process.wait(timeout=60)
        netns.Network(1).close()
        # The kernel takes the last link away in its own time.
        harness.wait_until(lambda: not self.remaining(names), "the network to go")

    def test_without_root_a_sentence_says_what_is_needed(self):
        ended = subprocess.run(
            [sys.executable, "-B", "-c", "import netns, os; os.setuid(65534); netns.Network(1)"],
            cwd=HERE, text=True, capture_output=True, check=False)
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("needs root", ended.stderr)


if __name__ == "__main__":
    harness.main()
