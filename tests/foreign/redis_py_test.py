#!/usr/bin/env python3
"""redis-py (Debian's python3-redis), as applications use it, against every node."""

import time

import redis

from cluster import wait_until
from foreign_cluster import ForeignClusterTest, main


class RedisPyTest(ForeignClusterTest):
    def client(self, node, **options):
        client = redis.Redis(host="127.0.0.1", port=self.ports[node], socket_timeout=60,
                             **options)
        self.addCleanup(client.close)
        return client

    def test_strings_written_through_one_node_are_read_through_another(self):
        one, other = self.client(0), self.client(1, decode_responses=True)
        self.assertTrue(one.set("py:a", b"\x00\xff binary \r\n"))
        self.assertEqual(self.client(2).get("py:a"), b"\x00\xff binary \r\n")
        self.assertTrue(one.set("py:text", "grüße"))
        self.assertEqual(other.get("py:text"), "grüße")
        self.assertIsNone(other.get("py:none"))
        self.assertEqual(other.delete("py:a", "py:text", "py:none"), 2)

    def test_set_options(self):
        client = self.client(0, decode_responses=True)
        self.assertTrue(client.set("py:set", "1", nx=True))
        self.assertIsNone(client.set("py:set", "2", nx=True))
        self.assertEqual(client.set("py:set", "3", xx=True, get=True), "1")
        self.assertTrue(client.set("py:set", "4", ex=100))
        self.assertTrue(client.set("py:set", "5", keepttl=True))
        self.assertIn(client.ttl("py:set"), range(90, 101))
        self.assertTrue(client.set("py:set", "6", px=100_000))
        self.assertIn(client.pttl("py:set"), range(90_000, 100_001))
        at = int(time.time()) + 500
        self.assertTrue(client.set("py:set", "7", exat=at))
        self.assertEqual(client.expiretime("py:set"), at)
        self.assertEqual(client.getex("py:set", persist=True), "7")
        self.assertEqual(client.ttl("py:set"), -1)
        self.assertEqual(client.getdel("py:set"), "7")
        self.assertEqual(client.ttl("py:set"), -2)

    def test_numbers(self):
        client = self.client(1)
        self.assertEqual(client.incr("py:n"), 1)
        self.assertEqual(client.incrby("py:n", 41), 42)
        self.assertEqual(client.decr("py:n", 2), 40)
        self.assertEqual(client.incrbyfloat("py:n", 0.5), 40.5)
        client.set("py:n", "x")
        with self.assertRaisesRegex(redis.ResponseError, "value is not an integer"):
            client.incr("py:n")

    def test_many_keys_at_once(self):
        client = self.client(2, decode_responses=True)
        pairs = {f"py:m{i}": str(i) for i in range(500)}
        self.assertTrue(client.mset(pairs))
        self.assertEqual(client.mget([*pairs, "py:none"]), [*pairs.values(), None])
        self.assertEqual(client.exists(*pairs), 500)
        self.assertEqual(client.unlink(*pairs), 500)
        self.assertTrue(client.msetnx({"{py}a": "1", "{py}b": "2"}))
        self.assertFalse(client.msetnx({"{py}b": "1", "{py}c": "2"}))
        self.assertTrue(client.rename("{py}a", "{py}d"))
        self.assertFalse(client.renamenx("{py}b", "{py}d"))
        self.assertTrue(client.copy("{py}d", "{py}e"))
        with self.assertRaisesRegex(redis.ResponseError, "CROSSSLOT"):
            client.msetnx({"a": "1", "b": "2"})

    def test_expiry_options(self):
        client = self.client(0)
        client.set("py:e", "v")
        self.assertTrue(client.expire("py:e", 100, nx=True))
        self.assertFalse(client.expire("py:e", 200, nx=True))
        self.assertFalse(client.expire("py:e", 50, gt=True))
        self.assertTrue(client.expire("py:e", 50, lt=True))
        self.assertTrue(client.persist("py:e"))
        self.assertTrue(client.expire("py:e", -1))
        self.assertFalse(client.exists("py:e"))

    def test_pipelines_of_a_thousand_commands_keep_their_order(self):
        pipe = self.client(1, decode_responses=True).pipeline(transaction=False)
        for i in range(1000):
            pipe.set(f"py:p{i}", i)
            pipe.get(f"py:p{i}")
        replies = pipe.execute()
        self.assertEqual(replies[0::2], [True] * 1000)
        self.assertEqual(replies[1::2], [str(i) for i in range(1000)])

    def test_connection_commands(self):
        client = self.client(0, client_name="tester", decode_responses=True)
        self.assertTrue(client.ping())
        self.assertEqual(client.echo("hi"), "hi")
        self.assertEqual(client.client_getname(), "tester")
        self.assertIn("tester", [each["name"] for each in client.client_list()])
        self.assertEqual(client.client_info()["name"], "tester")
        before = time.time()
        told = client.time()[0]
        self.assertTrue(before - 5 < told < time.time() + 5, told)
        self.assertEqual(client.config_get("save"), {"save": ""})
        self.assertEqual(client.info("server")["redis_version"], "7.0.15")
        self.assertEqual(client.command_count(), len(client.command()))
        self.assertEqual(client.command()["get"]["arity"], 2)

    def test_a_killed_connection_is_opened_again_by_the_client(self):
        victim, killer = self.client(0), self.client(0)
        number = victim.client_id()
        self.assertEqual(killer.client_kill_filter(_id=number), 1)
        # Another worker may own it, and then closes it a moment after the answer.
        wait_until(lambda: str(number) not in [each["id"] for each in killer.client_list()],
                   "the killed connection is gone")
        self.assertTrue(victim.ping())
        self.assertNotEqual(victim.client_id(), number)


if __name__ == "__main__":
    main()
