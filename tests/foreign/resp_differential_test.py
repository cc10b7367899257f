#!/usr/bin/env python3
"""The same commands to a real redis-server and to aegis: the replies must be equal byte for byte.

    resp_differential_test.py path/to/aegis [unittest arguments]

Scripts and intended differences stand in resp_scripts.py. What no two servers can agree on is
compared by meaning: connection numbers, and lifetimes to the second they were asked in.
"""

import random
import re
import shlex
import time
from pathlib import Path

from foreign_cluster import ForeignClusterTest, main
from redis_server import RedisServer
from resp_client import RespClient
from resp_scripts import COUNTED, INTENDED_DIFFERENCES, SAME_COMMAND_INFO, SCRIPTS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/REDIS.md"
CONTAINERS = ("CLIENT", "CONFIG", "OBJECT")  # Of the commands that differ.
RANDOM_COMMANDS = 4000
TTL_SLACK = {"TTL": 1, "PTTL": 1500, "EXPIRETIME": 1, "PEXPIRETIME": 1500}


def commands_of(script, prefix):
    lines = script.replace("\\\n", " ").strip().splitlines()
    return [[word.replace("%", prefix) for word in shlex.split(line)] for line in lines]


def agree(command, ours, theirs, apart):
    """Whether two replies to `command` mean the same; no two commands were further `apart`, in
    seconds."""
    if ours == theirs:
        return True
    slack = TTL_SLACK.get(command[0].upper())
    numbers = [re.fullmatch(rb":(\d+)\r\n", reply) for reply in (ours, theirs)]
    if slack and all(numbers):
        second = 1000 if command[0].upper().startswith("P") else 1
        return abs(int(numbers[0][1]) - int(numbers[1][1])) <= slack + 2 * apart * second
    return False


class RespDifferentialTest(ForeignClusterTest):
    @classmethod
    def setUpClass(cls):
        cls.redis = cls.enterClassContext(RedisServer())
        super().setUpClass()

    def connect(self, version, node=0):
        """(aegis, redis), both speaking RESP `version`."""
        pair = RespClient(self.cluster.ports[node]), RespClient(self.redis.port)
        for client in pair:
            self.addCleanup(client.__exit__)
            if version == 3:
                self.assertTrue(client.call("HELLO", "3").startswith(b"%7\r\n"))
        return pair

    def compare(self, commands, version, node=0):
        aegis, redis = self.connect(version, node)
        differences = []
        apart = 0.0
        for command in commands:
            began = time.monotonic()
            ours, theirs = aegis.call(*command), redis.call(*command)
            apart = max(apart, time.monotonic() - began)
            if not agree(command, ours, theirs, apart):
                differences.append(f"{command}\n    aegis {ours!r}\n    redis {theirs!r}")
        if differences:
            self.fail(f"RESP{version}: {len(differences)} replies differ\n" +
                      "\n".join(differences[:20]))

    def test_scripts_are_answered_as_redis_answers_them(self):
        for version in (2, 3):
            for name, script in SCRIPTS.items():
                with self.subTest(script=name, version=version):
                    prefix = f"{{{name.replace(' ', '-')}{version}}}:"
                    self.compare(commands_of(script, prefix), version)

    def test_every_node_answers_as_redis_does(self):
        for node in (1, 2):
            for name in ("strings", "numbers", "expiry", "keys"):
                with self.subTest(script=name, node=node):
                    self.compare(commands_of(SCRIPTS[name], f"{{{name}:n{node}}}:"), 2, node)

    def test_command_info_rows_are_those_of_redis(self):
        for version in (2, 3):
            self.compare([["COMMAND", "INFO", name] for name in SAME_COMMAND_INFO], version)

    def test_client_info_has_the_fields_of_redis_in_their_order(self):
        aegis, redis = self.connect(2)
        ours, theirs = ([field.split(b"=")[0] for field in client.call("CLIENT", "INFO").split()]
                        for client in (aegis, redis))
        self.assertEqual(ours[1:], theirs[1:] + [b"lib-name", b"lib-ver"])

    def test_commands_and_errors_are_counted_as_redis_counts_them(self):
        script = commands_of(COUNTED, "{counted}:")
        self.compare(script, 2)
        counts = []
        for client in self.connect(2):
            client.call("CONFIG", "RESETSTAT")
            for command in script:
                client.call(*command)
            info = client.call("INFO", "commandstats", "errorstats").decode()
            lines = [re.sub(r",usec=.*?,rej", ",rej", line) for line in info.splitlines()]
            counts.append({line for line in lines
                           if line.startswith(("cmdstat_", "errorstat_"))
                           and not line.startswith("cmdstat_config|resetstat")})
        self.assertEqual(*counts)
        self.assertIn("errorstat_EXECABORT:count=1", counts[0])

    def test_info_has_the_sections_of_redis_in_their_order(self):
        for asked in ((), ("all",), ("everything",), ("default",), ("server", "keyspace"),
                      ("latencystats", "cpu")):
            with self.subTest(asked=asked):
                ours, theirs = (
                    [line for line in client.call("INFO", *asked).decode().splitlines()
                     if line.startswith("# ") and line not in ("# Aegis", "# Modules")]
                    for client in self.connect(2))
                self.assertEqual(ours, theirs)

    def test_fields_of_info_are_those_of_redis(self):
        ours, theirs = (
            {line.split(":")[0] for line in client.call("INFO").decode().splitlines()
             if ":" in line and not line.startswith(("errorstat_", "aegis_"))}
            for client in self.connect(2))
        self.assertEqual(ours - theirs, set())

    def test_histograms_of_latency_have_the_shape_of_redis(self):
        for version, shape in ((2, rb"\*2\r\n\$4\r\necho\r\n\*4\r\n\$5\r\ncalls\r\n:3\r\n"
                                   rb"\$14\r\nhistogram_usec\r\n\*(\d+)\r\n((:\d+\r\n)+)"),
                               (3, rb"%1\r\n\$4\r\necho\r\n%2\r\n\$5\r\ncalls\r\n:3\r\n"
                                   rb"\$14\r\nhistogram_usec\r\n%(\d+)\r\n((:\d+\r\n)+)")):
            for client in self.connect(version):
                client.call("CONFIG", "RESETSTAT")
                for _ in range(3):
                    client.call("ECHO", "x")
                reply = re.fullmatch(shape, client.call("LATENCY", "HISTOGRAM", "echo", "nope"))
                self.assertIsNotNone(reply)
                numbers = [int(number) for number in re.findall(rb":(\d+)", reply[2])]
                self.assertEqual(len(numbers), int(reply[1]) * (version - 1))
                self.assertEqual(numbers[-1], 3, "all calls lie under the last bound")

    def test_random_commands_are_answered_as_redis_answers_them(self):
        seed = 20240229
        self.compare(random_commands(random.Random(seed), "{random}:"), 2, node=1)

    def test_inline_commands_are_answered_as_redis_answers_them(self):
        lines = [b"PING\r\n", b"  SET   {inline}a   'a b'  \r\n", b"GET {inline}a\n",
                 b'SET {inline}a "\\x41\\n\\"q\\""\r\n', b"GET {inline}a\r\n", b"\r\nPING\r\n",
                 b"GET\r\n", b"foo 'x y'\r\n"]
        aegis, redis = self.connect(2)
        for line in lines:
            for client in (aegis, redis):
                client.send_raw(line)
            self.assertEqual(aegis.read(), redis.read(), line)

    def test_protocol_errors_are_those_of_redis_and_end_the_connection(self):
        for data in (b"*x\r\n", b"*2147483648\r\n", b"*1\r\n+OK\r\n", b"*1\r\n$x\r\n",
                     b"*1\r\n$-5\r\n", b"SET 'a\r\n", b"a" * 70000):
            with self.subTest(data=data[:20]):
                aegis, redis = self.connect(2)
                for client in (aegis, redis):
                    client.send_raw(data)
                self.assertEqual(aegis.read(), redis.read())
                self.assertEqual(aegis.read(), b"")

    def test_client_reply_silences_as_redis_does(self):
        script = [["CLIENT", "REPLY", "OFF"], ["SET", "{reply}a", "1"], ["GET", "{reply}a"],
                  ["PING"], ["CLIENT", "REPLY", "ON"], ["GET", "{reply}a"],
                  ["CLIENT", "REPLY", "SKIP"], ["INCR", "{reply}a"], ["GET", "{reply}a"],
                  ["CLIENT", "REPLY", "SKIP"], ["CLIENT", "REPLY", "SKIP"], ["PING"],
                  ["CLIENT", "REPLY", "OFF"], ["CLIENT", "REPLY", "SKIP"], ["PING"], ["RESET"],
                  ["ECHO", "end"]]
        aegis, redis = self.connect(2)
        for client in (aegis, redis):
            client.send(*script)
        while True:
            ours, theirs = aegis.read(), redis.read()
            self.assertEqual(ours, theirs)
            if ours == b"$3\r\nend\r\n":
                break

    def test_replies_of_a_pipeline_come_in_its_order_in_the_protocol_of_each(self):
        keys = [f"pipeline{i}" for i in range(200)]  # Of all shards, led by all nodes.
        script = [["SET", key, key] for key in keys]
        script += [["GET", key] for key in keys] + [["GET", "nothing"], ["HELLO", "3"]]
        script += [["GET", "nothing"], ["MGET", *keys], ["DEL", *keys], ["QUIT"]]
        aegis, redis = self.connect(2)
        for client in (aegis, redis):
            client.send(*script)
        for command in script:
            ours, theirs = aegis.read(), redis.read()
            if command[0] != "HELLO":  # Has the connection's number.
                self.assertEqual(ours, theirs, command)
        self.assertEqual(aegis.read(), b"")

    def test_intended_differences_are_the_documented_ones(self):
        for number, (why, stage, command, expected) in enumerate(INTENDED_DIFFERENCES):
            prefix = f"{{difference{number}}}:"
            with self.subTest(why=why, command=[word[:20] for word in command[:8]]):
                aegis, redis = self.connect(2)
                words = [word.replace("%", prefix) for word in command]
                for before in stage:
                    for client in (aegis, redis):
                        client.call(*(word.replace("%", prefix) for word in before))
                ours = aegis.call(*words)
                self.assertEqual(ours, expected.replace(b"%", prefix.encode()))
                self.assertNotEqual(ours, redis.call(*words), "no longer a difference")

    def test_commands_that_differ_are_named_in_the_document(self):
        differs = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
        differs = differs[differs.index("## What differs from Redis"):]
        for why, _, command, _ in INTENDED_DIFFERENCES:
            name = " ".join(command[:2 if command[0] in CONTAINERS else 1])
            self.assertRegex(differs, rf"\b{name}\b", why)


def random_commands(rng, prefix):
    """Commands over a few keys. Expiries lie far enough apart that no race decides a reply."""
    keys = [f"{prefix}{letter}" for letter in "abcdefgh"]
    values = ["", "x", "hello", "10", "-3", "3.25", "1e3", " 1", "9223372036854775807", "\r\n"]
    ttl = [1000]

    def key():
        return rng.choice(keys)

    def value():
        return rng.choice(values)

    def relative(unit):
        ttl[0] += 10
        return str(rng.choice([ttl[0], ttl[0], ttl[0], -5]) * unit)

    def absolute(unit):
        return str(rng.choice([33177117425 + 10 * rng.randrange(6), 1]) * unit)

    def lifetime():
        return rng.choice([
            ["EX", relative(1)], ["PX", relative(1000)], ["EXAT", absolute(1)],
            ["PXAT", absolute(1000)]])

    def set_options():
        options = []
        for chance, option in ((0.3, lifetime()), (0.15, ["NX"]), (0.15, ["XX"]),
                               (0.3, ["GET"]), (0.2, ["KEEPTTL"])):
            if rng.random() < chance:
                options.append(option)
        rng.shuffle(options)
        return [word for option in options for word in option]

    def rules():
        return rng.choice([[], ["NX"], ["XX"], ["GT"], ["LT"], ["XX", "LT"], ["GT", "XX"]])

    makers = [
        lambda: ["SET", key(), value(), *set_options()],
        lambda: ["SET", key(), value()],
        lambda: ["GET", key()],
        lambda: ["GETEX", rng.choice(keys), *rng.choice([[], ["PERSIST"]])],
        lambda: ["GETSET", key(), value()],
        lambda: ["GETDEL", key()],
        lambda: ["SETNX", key(), value()],
        lambda: ["SETEX", key(), relative(1), value()],
        lambda: ["PSETEX", key(), relative(1000), value()],
        lambda: ["MGET", key(), key(), key()],
        lambda: ["MSET", key(), value(), key(), value()],
        lambda: ["MSETNX", key(), value(), key(), value()],
        lambda: ["STRLEN", key()],
        lambda: ["APPEND", key(), value()],
        lambda: ["GETRANGE", key(), str(rng.randint(-8, 8)), str(rng.randint(-8, 8))],
        lambda: ["SETRANGE", key(), str(rng.randint(0, 12)), value()],
        lambda: ["INCR", key()],
        lambda: ["DECR", key()],
        lambda: ["INCRBY", key(), str(rng.randint(-50, 50))],
        lambda: ["DECRBY", key(), str(rng.randint(-50, 50))],
        lambda: ["INCRBYFLOAT", key(), rng.choice(["0.1", "-2.5", "1e3", "3", "x"])],
        lambda: [rng.choice(["DEL", "UNLINK"]), key(), key()],
        lambda: [rng.choice(["EXISTS", "TOUCH"]), key(), key(), key()],
        lambda: ["TYPE", key()],
        lambda: ["EXPIRE", key(), relative(1), *rng.choice([[], ["NX"], ["XX"]])],
        lambda: ["PEXPIRE", key(), relative(1000), *rng.choice([[], ["NX"], ["XX"]])],
        lambda: ["EXPIREAT", key(), absolute(1), *rules()],
        lambda: ["PEXPIREAT", key(), absolute(1000), *rules()],
        lambda: [rng.choice(list(TTL_SLACK)), key()],
        lambda: ["PERSIST", key()],
        lambda: ["RENAME", key(), key()],
        lambda: ["RENAMENX", key(), key()],
        lambda: ["COPY", key(), key(), *rng.choice([[], ["REPLACE"]])],
    ]
    return [rng.choice(makers)() for _ in range(RANDOM_COMMANDS)]


if __name__ == "__main__":
    main()
