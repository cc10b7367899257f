"""Clients of memcached: one node, and three of which each answers for all."""

import random
import re
import socket
import threading
import unittest

import harness
import resp

from memcached_client import MemcachedClient  # pylint: disable=import-error

VALUE_MAX = 64 << 20


class Memcached(harness.NodeTest):

    memcached = True

    def client(self):
        client = MemcachedClient(self.node.memcached_port)
        self.addCleanup(client.close)
        return client

    def test_what_was_set_is_got(self):
        client = self.client()
        self.assertEqual(client.call(b"set k 7 0 3\r\na\r\n\r\n"), b"STORED\r\n")
        self.assertEqual(client.call(b"get k none\r\n"), b"VALUE k 7 3\r\na\r\n\r\nEND\r\n")
        self.assertEqual(client.call(b"mg k v f t\r\n"), b"VA 3 f7 t-1\r\na\r\n\r\n")
        self.assertEqual(client.call(b"delete k\r\n"), b"DELETED\r\n")
        self.assertEqual(client.call(b"get k\r\n"), b"END\r\n")

    def test_redis_and_memcached_clients_share_their_keys(self):
        client = self.client()
        redis = resp.Client(self.node.port)
        self.addCleanup(redis.close)
        redis.call("SET", "shared", "5", "EX", 100)
        self.assertEqual(client.call(b"incr shared 2\r\n"), b"7\r\n")
        self.assertEqual(client.call(b"append shared 9 0 1\r\n0\r\n"), b"STORED\r\n")
        self.assertEqual(redis.call("GET", "shared"), b"70")
        self.assertIn(redis.call("TTL", "shared"), range(90, 101))

    def test_ten_thousand_pipelined_commands_are_answered_in_order(self):
        client = self.client()
        requests = b"".join(b"set p%d 0 0 %d\r\n%d\r\nget p%d\r\n" % (i, len(str(i)), i, i)
                            for i in range(5000))
        sender = threading.Thread(target=client.send, args=(requests,))
        sender.start()
        for i in range(5000):
            self.assertEqual(client.read(), b"STORED\r\n")
            self.assertEqual(client.read(), b"VALUE p%d 0 %d\r\n%d\r\nEND\r\n"
                             % (i, len(str(i)), i))
        sender.join()

    def test_half_a_request_waits_for_its_rest(self):
        client = self.client()
        whole = b"set half 0 0 100\r\n" + b"x" * 100 + b"\r\n"
        for cut in random.Random(1).sample(range(1, len(whole)), 20):
            client.send(whole[:cut])
            with MemcachedClient(self.node.memcached_port) as other:
                self.assertEqual(other.call(b"mn\r\n"), b"MN\r\n")
            client.send(whole[cut:])
            self.assertEqual(client.read(), b"STORED\r\n")

    def test_a_writer_of_single_bytes_is_served(self):
        client = self.client()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"set slow 0 0 5\r\nvalue\r\nget slow\r\n":
            client.send(bytes([byte]))
        self.assertEqual(client.read(), b"STORED\r\n")
        self.assertEqual(client.read(), b"VALUE slow 0 5\r\nvalue\r\nEND\r\n")

    def test_noreply_is_silent(self):
        client = self.client()
        client.send(b"set quiet 0 0 1 noreply\r\n1\r\nincr quiet 4 noreply\r\n"
                    b"delete none noreply\r\nadd quiet 0 0 1 noreply\r\nx\r\nget quiet\r\n")
        self.assertEqual(client.read(), b"VALUE quiet 0 1\r\n5\r\nEND\r\n")

    def test_the_largest_value_is_kept_and_a_larger_one_swallowed(self):
        client = self.client()
        largest = b"v" * VALUE_MAX
        self.assertEqual(client.call(b"set large 0 0 %d\r\n%s\r\n" % (VALUE_MAX, largest)),
                         b"STORED\r\n")
        reply = client.call(b"get large\r\n")
        self.assertTrue(reply == b"VALUE large 0 %d\r\n%s\r\nEND\r\n" % (VALUE_MAX, largest))
        client.send(b"set large 0 0 %d\r\n" % (VALUE_MAX + 1))
        self.assertEqual(client.read(), b"SERVER_ERROR object too large for cache\r\n")
        client.send(largest + b"v\r\nget large\r\n")
        self.assertEqual(client.read(), b"END\r\n", "what was there is stale")

    def test_keys_expire(self):
        client = self.client()
        client.call(b"set short 0 1 1\r\nx\r\n")
        client.call(b"set gone 0 -1 1\r\nx\r\n")
        self.assertEqual(client.call(b"get gone\r\n"), b"END\r\n")
        harness.wait_until(lambda: client.call(b"get short\r\n") == b"END\r\n", "the end")

    def test_a_client_of_the_binary_protocol_is_closed_and_the_log_says_why(self):
        client = self.client()
        client.send(b"\x80\x0a" + bytes(22))
        self.assertTrue(client.at_end())
        harness.wait_until(lambda: "memcached's binary protocol" in self.node.log(), "the log")
        self.assertEqual(self.metric("aegiskv_protocol_errors_total"), 1)

    def test_a_line_without_end_is_an_error_and_the_end(self):
        client = self.client()
        client.send(b"x" * 3000)
        self.assertEqual(client.read(), b"CLIENT_ERROR line is too long\r\n")
        self.assertTrue(client.at_end())

    def test_its_figures_are_those_of_a_protocol_of_its_own(self):
        client = self.client()
        client.call(b"set figure 0 0 1\r\n1\r\n")
        client.call(b"incr figure 1\r\n")
        self.assertGreaterEqual(self.metric("aegiskv_connections"), 1)
        self.assertGreaterEqual(self.metric("aegiskv_connections_opened_total"), 1)
        self.assertGreater(self.metric("aegiskv_network_received_bytes_total"), 30)
        metrics = self.node.http("/metrics")[1]
        self.assertIn('aegiskv_commands_total{command="count_up",result="ok"} 1', metrics)
        stats = self.stats(client)
        self.assertEqual(int(stats[b"pid"]), self.node.process.pid)
        self.assertGreaterEqual(int(stats[b"curr_items"]), 1)

    def test_stats_count_its_commands(self):
        client = self.client()
        before = self.stats(client)
        client.call(b"set counted 0 0 1\r\n1\r\n")
        client.call(b"append counted 0 0 1\r\n1\r\n")
        client.call(b"touch counted 100\r\n")
        client.call(b"gat 100 counted\r\n")
        client.call(b"flush_all\r\n")
        after = self.stats(client)
        for name, more in ((b"cmd_set", 2), (b"cmd_touch", 2), (b"cmd_flush", 1)):
            self.assertEqual(int(after[name]) - int(before[name]), more, name)
        for name in (b"bytes_read", b"bytes_written"):
            self.assertGreater(int(after[name]), int(before[name]), name)

    def stats(self, client):
        return dict(line.split(b" ", 2)[1:] for line in
                    client.call(b"stats\r\n").split(b"\r\n") if line.startswith(b"STAT "))

    def test_its_port_is_named_in_the_log(self):
        self.assertIn(f"clients of memcached at 127.0.0.1:{self.node.memcached_port}",
                      self.node.log())

    def metric(self, name):
        """Of the memcached protocol."""
        text = self.node.http("/metrics")[1]
        found = re.search(rf'^{name}{{protocol="memcached"}} (\S+)$', text, re.MULTILINE)
        self.assertTrue(found, f"no {name}")
        return float(found[1])


class MemcachedCluster(unittest.TestCase):

    def setUp(self):
        self.cluster = harness.Cluster(3, harness.BINARY, flags=harness.STEADY, memcached=True)
        self.addCleanup(self.cluster.stop)
        self.cluster.start_settled()
        self.nodes = self.cluster.nodes

    def client(self, node):
        client = MemcachedClient(self.nodes[node].memcached_port)
        self.addCleanup(client.close)
        return client

    def test_every_node_answers_for_keys_that_others_lead(self):
        keys = [harness.key_led_by(self.nodes[0], node.name) for node in self.nodes]
        clients = [self.client(node) for node in range(3)]
        for writer in clients:
            for key in keys:
                self.assertEqual(writer.call(b"set %s 3 0 2\r\nhi\r\n" % key), b"STORED\r\n")
            values = b"".join(b"VALUE %s 3 2\r\nhi\r\n" % key for key in keys)
            for reader in clients:
                self.assertEqual(reader.call(b"get %s\r\n" % b" ".join(keys)),
                                 values + b"END\r\n")
            for key in keys:
                self.assertEqual(writer.call(b"md %s\r\n" % key), b"HD\r\n")

    def test_a_version_that_one_node_told_another_compares(self):
        key = harness.key_led_by(self.nodes[0], self.nodes[2].name)
        one, other = self.client(0), self.client(1)
        one.call(b"set %s 0 0 1\r\n1\r\n" % key)
        cas = one.call(b"gets %s\r\n" % key).split()[4]
        self.assertEqual(other.call(b"cas %s 0 0 1 %s\r\n2\r\n" % (key, cas)), b"STORED\r\n")
        self.assertEqual(one.call(b"cas %s 0 0 1 %s\r\n3\r\n" % (key, cas)), b"EXISTS\r\n")
        self.assertEqual(one.call(b"get %s\r\n" % key), b"VALUE %s 0 1\r\n2\r\nEND\r\n" % key)

    def test_replies_of_a_pipeline_over_all_nodes_come_in_its_order(self):
        client = self.client(1)
        client.send(b"".join(b"set o%d 0 0 4 noreply\r\n%04d\r\nget o%d\r\nmn\r\n" % (i, i, i)
                             for i in range(1000)))
        for i in range(1000):
            self.assertEqual(client.read(), b"VALUE o%d 0 4\r\n%04d\r\nEND\r\n" % (i, i))
            self.assertEqual(client.read(), b"MN\r\n")

    def test_flush_all_empties_every_node(self):
        one, other = self.client(0), self.client(1)
        keys = [b"flush%d" % i for i in range(300)]
        for key in keys:
            one.send(b"set %s 0 0 1 noreply\r\nx\r\n" % key)
        self.assertEqual(one.call(b"flush_all\r\n"), b"OK\r\n")
        self.assertEqual(other.call(b"get " + b" ".join(keys) + b"\r\n"), b"END\r\n")

    def test_a_shard_without_a_leader_is_an_error_that_says_so(self):
        key = harness.key_led_by(self.nodes[0], self.nodes[0].name)
        for node in self.nodes[1:]:
            node.kill()
        client = self.client(0)
        reply = client.call(b"set %s 0 0 1\r\nx\r\n" % key)
        harness.wait_until(
            lambda: client.call(b"get %s\r\n" % key).startswith(b"SERVER_ERROR no leader: "),
            f"the lease to end; first: {reply}")
        self.assertTrue(client.call(b"mg %s v\r\n" % key).startswith(b"SERVER_ERROR no leader: "))


if __name__ == "__main__":
    harness.main()
