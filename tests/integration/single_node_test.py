"""One node: what it does with good, bad, slow and enormous input."""

import json
import random
import re
import socket
import struct
import threading
import time

import harness
import native
import resp

KEY_MAX = 64 * 1024
VALUE_MAX = 64 << 20


class Workers(harness.NodeTest):

    flags = ("--threads", "3")

    def test_few_connections_are_spread_over_all_workers(self):
        for _ in range(5):  # Luck spreads seven so well once in three times.
            harness.wait_until(lambda: self.clients() == [0, 0, 0], "all to be gone")
            clients = []
            for _ in range(7):  # One after the other: each finds those before it counted.
                clients.append(resp.Client(self.node.port))
                self.assertEqual(clients[-1].call("PING"), b"PONG")
            self.assertEqual(self.clients(), [2, 2, 3])
            for client in clients:
                client.close()

    def clients(self):
        """Of each worker; the fewest first."""
        metrics = self.node.http("/metrics")[1]
        found = re.findall(r'^aegiskv_worker_clients{worker="\d"} (\d+)$', metrics, re.MULTILINE)
        return sorted(map(int, found))


class Resp(harness.NodeTest):

    def client(self):
        client = resp.Client(self.node.port)
        self.addCleanup(client.close)
        return client

    def test_what_was_set_is_got(self):
        client = self.client()
        self.assertEqual(client.call("SET", "k", "v", "EX", 60), b"OK")
        self.assertEqual(client.call("GET", "k"), b"v")
        self.assertIn(client.call("TTL", "k"), range(50, 61))
        self.assertEqual(client.call("DEL", "k", "none"), 1)
        self.assertIsNone(client.call("GET", "k"))

    def test_inline_commands_work(self):
        client = self.client()
        client.send(b"SET inline 'a b'\r\n\r\nGET inline\r\n")
        self.assertEqual(client.receive(), b"OK")
        self.assertEqual(client.receive(), b"a b")

    def test_ten_thousand_pipelined_commands_are_answered_in_order(self):
        client = self.client()
        commands = b"".join(resp.command("SET", f"p{i}", i) + resp.command("GET", f"p{i}")
                            for i in range(5000))
        sender = threading.Thread(target=client.send, args=(commands,))
        sender.start()
        for i in range(5000):
            self.assertEqual(client.receive(), b"OK")
            self.assertEqual(client.receive(), b"%d" % i)
        sender.join()

    def test_half_a_command_waits_for_its_rest(self):
        client = self.client()
        whole = resp.command("SET", "half", "x" * 100)
        for cut in random.Random(1).sample(range(1, len(whole)), 20):
            client.send(whole[:cut])
            with resp.Client(self.node.port) as other:
                self.assertEqual(other.call("PING"), b"PONG")
            client.send(whole[cut:])
            self.assertEqual(client.receive(), b"OK")

    def test_a_writer_of_single_bytes_is_served(self):
        client = self.client()
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in resp.command("SET", "slow", "value") + resp.command("GET", "slow"):
            client.send(bytes([byte]))
        self.assertEqual(client.receive(), b"OK")
        self.assertEqual(client.receive(), b"value")

    def test_a_client_that_ends_sending_still_gets_its_replies(self):
        client = self.client()
        client.send(resp.command("SET", "end", "v") + resp.command("GET", "end"))
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(client.receive(), b"OK")
        self.assertEqual(client.receive(), b"v")
        self.assertTrue(client.at_end())

    def test_garbage_gets_an_error_and_the_end(self):
        for garbage in (b"*x\r\n", b"*1\r\n$x\r\n", b"*1\r\n+GET\r\n", b"*2\r\n$3\r\nGETxx"):
            client = self.client()
            client.send(garbage)
            error = client.receive()
            self.assertIsInstance(error, resp.ReplyError)
            self.assertIn("Protocol error", str(error))
            self.assertTrue(client.at_end())

    def test_random_bytes_harm_nobody(self):
        rng = random.Random(7)
        witness = self.client()
        for _ in range(200):
            client = self.client()
            try:
                client.send(rng.randbytes(rng.randrange(1, 4000)))
            except (BrokenPipeError, ConnectionResetError):
                pass
            client.close()
            self.assertEqual(witness.call("PING"), b"PONG")

    def test_announced_lengths_over_the_limits_are_refused_at_once(self):
        for announced in (b"*1048577\r\n", b"*2\r\n$3\r\nGET\r\n$536870913\r\n", b"*-2\r\n" * 2):
            client = self.client()
            client.send(announced + b"PING\r\n")
            reply = client.receive()
            if announced.startswith(b"*-"):
                self.assertIn(reply, (b"PONG",))
                continue
            self.assertIsInstance(reply, resp.ReplyError)
            self.assertTrue(client.at_end())

    def test_an_announcement_reserves_no_memory(self):
        before = harness.resident_bytes(self.node)
        clients = [self.client() for _ in range(50)]
        for client in clients:
            client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\nabc" % VALUE_MAX)
        with resp.Client(self.node.port) as other:
            self.assertEqual(other.call("PING"), b"PONG")
        self.assertLess(harness.resident_bytes(self.node) - before,
                        (30 << 20) * harness.MEMORY_FACTOR)

    def test_an_inline_command_over_its_limit_is_refused(self):
        client = self.client()
        client.send(b"GET " + b"x" * (64 * 1024 + 1))
        self.assertIsInstance(client.receive(), resp.ReplyError)
        self.assertTrue(client.at_end())

    def test_unknown_commands_and_wrong_counts_leave_the_connection_alone(self):
        client = self.client()
        self.assertIn("unknown command", str(client.call("NOSUCH", "a")))
        self.assertIn("wrong number of arguments", str(client.call("GET")))
        self.assertEqual(client.call("PING"), b"PONG")

    def test_keys_at_their_limit_work_and_beyond_it_are_refused(self):
        client = self.client()
        self.assertEqual(client.call("SET", b"k" * KEY_MAX, "v"), b"OK")
        self.assertEqual(client.call("GET", b"k" * KEY_MAX), b"v")
        self.assertIsInstance(client.call("SET", b"k" * (KEY_MAX + 1), "v"), resp.ReplyError)
        self.assertIsInstance(client.call("SET", b"", "v"), resp.ReplyError)
        self.assertEqual(client.call("PING"), b"PONG")

    def test_values_at_their_limit_work_and_beyond_it_are_refused(self):
        client = self.client()
        value = b"v" * VALUE_MAX
        self.assertEqual(client.call("SET", "large", value), b"OK")
        self.assertEqual(client.call("GET", "large"), value)
        self.assertIsInstance(client.call("SET", "larger", value + b"v"), resp.ReplyError)
        self.assertIsInstance(client.call("APPEND", "large", "v"), resp.ReplyError)
        self.assertEqual(client.call("STRLEN", "large"), VALUE_MAX)
        self.assertEqual(client.call("DEL", "large"), 1)

    def test_ttls_must_be_positive(self):
        client = self.client()
        for ttl in (0, -1, 1 << 62):
            error = client.call("SET", "k", "v", "PX", ttl)
            self.assertIn("invalid expire", str(error))
        self.assertEqual(client.call("SET", "k", "v"), b"OK")
        self.assertEqual(client.call("PEXPIRE", "k", -1), 1)
        self.assertIsNone(client.call("GET", "k"))

    def test_an_expired_key_is_gone_and_is_counted(self):
        client = self.client()
        client.call("SET", "brief", "v", "PX", 30)
        harness.wait_until(lambda: client.call("GET", "brief") is None, "the key to expire")
        harness.wait_until(
            lambda: int(client.call("INFO", "stats").split(b"expired_keys:")[1].split()[0]) > 0,
            "the expired key to be removed")

    def test_client_list_shows_connections_of_all_workers_and_kill_ends_them(self):
        clients = [self.client() for _ in range(16)]
        for number, client in enumerate(clients):
            self.assertEqual(client.call("CLIENT", "SETNAME", f"c{number}"), b"OK")
        listing = clients[0].call("CLIENT", "LIST")
        for number in range(16):
            self.assertIn(b"name=c%d " % number, listing)
        victim = clients[5].call("CLIENT", "ID")
        self.assertEqual(clients[0].call("CLIENT", "KILL", "ID", victim), 1)
        self.assertTrue(clients[5].at_end())
        self.assertEqual(clients[6].call("PING"), b"PONG")

    def test_quit_says_ok_and_ends(self):
        client = self.client()
        self.assertEqual(client.call("QUIT"), b"OK")
        self.assertTrue(client.at_end())


class Native(harness.NodeTest):

    def client(self):
        client = native.Client(self.node.port)
        self.addCleanup(client.__exit__)
        return client

    def test_version_one_commands_do_what_aegiskv_did(self):
        client = self.client()
        self.assertEqual(client.call(native.PING).value, b"PONG")
        self.assertEqual(client.call(native.GET, b"k").status, native.NOT_FOUND)
        stored = client.call(native.SET, b"k", b"v", ttl=600_000, number=77)
        self.assertEqual((stored.status, stored.id), (native.OK, 77))
        got = client.call(native.GET, b"k")
        self.assertEqual((got.status, got.value, got.version), (native.OK, b"v", stored.version))
        self.assertTrue(570_000 < got.ttl <= 600_000, got.ttl)
        self.assertEqual(client.call(native.DELETE, b"k").status, native.OK)
        self.assertEqual(client.call(native.DELETE, b"k").status, native.NOT_FOUND)

    def test_a_version_makes_set_compare_and_set(self):
        client = self.client()
        first = client.call(native.SET, b"cas", b"1").version
        second = client.call(native.SET, b"cas", b"2", version=first)
        self.assertEqual(second.status, native.OK)
        late = client.call(native.SET, b"cas", b"3", version=first)
        self.assertEqual((late.status, late.version), (native.CONFLICT, second.version))
        self.assertEqual(client.call(native.GET, b"cas").value, b"2")

    def test_both_protocols_see_one_data_set(self):
        self.client().call(native.SET, b"shared", b"x")
        with resp.Client(self.node.port) as other:
            self.assertEqual(other.call("GET", "shared"), b"x")

    def test_a_pipeline_is_answered_by_id(self):
        client = self.client()
        count = 5000
        sender = threading.Thread(target=client.send, args=(b"".join(
            native.request(native.SET, b"n%d" % i, b"%d" % i, number=i) for i in range(count)),))
        sender.start()
        ids = {client.receive().id for _ in range(count)}
        sender.join()
        self.assertEqual(ids, set(range(count)))

    def test_half_frames_wait_for_their_rest(self):
        client = self.client()
        frame = native.request(native.SET, b"half", b"v" * 50)
        for cut in range(1, len(frame), 7):
            client.send(frame[:cut])
            with native.Client(self.node.port) as other:
                self.assertEqual(other.call(native.PING).value, b"PONG")
            client.send(frame[cut:])
            self.assertEqual(client.receive().status, native.OK)

    def test_unknown_commands_are_refused_and_the_connection_stays(self):
        client = self.client()
        for command in (0, 5, 8, 31, 99, 127):
            reply = client.call(command, b"k", number=command)
            self.assertEqual((reply.status, reply.id), (native.ERROR, command))
            self.assertIn("unknown command", reply.error)
        self.assertEqual(client.call(native.PING).status, native.OK)

    def test_auth_is_refused_with_the_reason(self):
        reply = self.client().call(native.AUTH, b"", b"token")
        self.assertEqual(reply.status, native.ERROR)
        self.assertIn("no authentication", reply.error)

    def test_broken_frames_get_an_error_and_the_end(self):
        good = native.request(native.GET, b"k")
        wrong_magic = good[:4] + b"\xaf" + good[5:]
        wrong_version = good[:5] + b"\x02" + good[6:]
        wrong_sizes = good[:15] + struct.pack(">I", 1000) + good[19:]
        too_long = struct.pack(">I", 0x07000000) + good[4:]
        for broken in (wrong_magic, wrong_version, wrong_sizes, too_long):
            client = self.client()
            client.send(broken)
            reply = client.receive()
            self.assertEqual(reply.status, native.ERROR)
            self.assertTrue(reply.error.startswith(("PROTOCOL ", "TOOLARGE ")), reply.error)
            self.assertIsNone(client.receive())

    def test_keys_and_values_over_their_limits_are_refused_and_the_stream_goes_on(self):
        client = self.client()
        self.assertEqual(client.call(native.SET, b"k" * KEY_MAX, b"v").status, native.OK)
        for key, value in ((b"", b"v"), (b"k" * (KEY_MAX + 1), b"v"),
                           (b"k", b"v" * (VALUE_MAX + 1))):
            reply = client.call(native.SET, key, value)
            self.assertEqual(reply.status, native.ERROR)
            self.assertTrue(reply.error.startswith(("TOOLARGE ", "INVALID ")), reply.error)
        self.assertEqual(client.call(native.SET, b"large", b"v" * VALUE_MAX).status, native.OK)
        self.assertEqual(len(client.call(native.GET, b"large").value), VALUE_MAX)
        self.assertEqual(client.call(native.DELETE, b"large").status, native.OK)

    def test_negative_ttls_are_invalid(self):
        reply = self.client().call(native.SET, b"k", b"v", ttl=-5)
        self.assertEqual(reply.status, native.ERROR)
        self.assertTrue(reply.error.startswith("INVALID "), reply.error)

    def test_statistics_are_json(self):
        client = self.client()
        client.call(native.SET, b"counted", b"v")
        statistics = json.loads(client.call(native.STATS).value)
        self.assertEqual(statistics["node"], "node1")
        self.assertGreaterEqual(statistics["keys"], 1)

    def test_the_topology_names_the_node(self):
        reply = self.client().call(native.TOPOLOGY)
        self.assertEqual(reply.status, native.OK)
        self.assertIn(b"node1", reply.value)


class Clients(harness.NodeTest):

    def test_a_client_that_never_reads_costs_bounded_memory_and_nobody_else_anything(self):
        with resp.Client(self.node.port) as greedy, resp.Client(self.node.port) as other:
            other.call("SET", "big", b"x" * 100_000)
            greedy.socket.settimeout(1)
            before = harness.resident_bytes(self.node)
            stopped = False
            try:
                for _ in range(1000):  # 240 MB of commands for a terabyte of replies.
                    greedy.send(resp.command("GET", "big") * 10_000)
            except TimeoutError:
                stopped = True
            self.assertTrue(stopped)
            self.assertLess(harness.resident_bytes(self.node) - before,
                            (64 << 20) * harness.MEMORY_FACTOR)
            started = time.monotonic()
            for _ in range(100):
                self.assertEqual(other.call("PING"), b"PONG")
            self.assertLess(time.monotonic() - started, 30)

    def test_ten_thousand_idle_connections_are_cheap(self):
        import resource  # pylint: disable=import-outside-toplevel
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = min(10_000, hard - 200)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + 150), hard))
        before = harness.resident_bytes(self.node)
        idle = []
        try:
            for _ in range(count):
                idle.append(socket.create_connection(("127.0.0.1", self.node.port)))
            # Every one is served, so every one was accepted; then all are idle again.
            for connection in idle:
                connection.sendall(b"PING\r\n")
            for connection in idle:
                self.assertEqual(connection.recv(100), b"+PONG\r\n")
            grown = harness.resident_bytes(self.node) - before
            self.assertLess(grown / count, 6000 * harness.MEMORY_FACTOR)
            with resp.Client(self.node.port) as other:
                started = time.monotonic()
                for _ in range(100):
                    self.assertEqual(other.call("PING"), b"PONG")
                self.assertLess(time.monotonic() - started, 30)
        finally:
            for connection in idle:
                connection.close()
        with resp.Client(self.node.port) as other:
            harness.wait_until(
                lambda: b"connected_clients:1\r\n" in other.call("INFO", "clients"),
                "closed connections to be forgotten")


if __name__ == "__main__":
    harness.main()
