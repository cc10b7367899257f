#!/usr/bin/env python3
"""The same requests to a real memcached and to aegis: the answers must be equal byte for byte.

    memcached_differential_test.py path/to/aegis [unittest arguments]

Scripts and intended differences stand in memcached_scripts.py. What no two servers can agree on is
compared by meaning: cas uniques, and lifetimes to the second they were asked in.
"""

import random
import re
import time

from foreign_cluster import ForeignClusterTest, main
from memcached_client import MemcachedClient
from memcached_scripts import INTENDED_DIFFERENCES, SCRIPTS
from memcached_server import MemcachedServer

RANDOM_REQUESTS = 4000
CAS = re.compile(rb"(?<=^VALUE )(\S+ \d+ \d+) (\d+)(?=\r\n)|(?<= c)(\d+)(?=[ \r])|(?<= cas=)(\d+)",
                 re.MULTILINE)
TTL = re.compile(rb"(?<= t)\d+(?=[ \r])")


class Side:
    """One server's connection, and the cas unique that it told last."""

    def __init__(self, port, prefix):
        self.client = MemcachedClient(port)
        self._prefix = prefix
        self._cas = b"1"

    def ask(self, request):
        request = request.replace(b"%", self._prefix).replace(b"<cas>", self._cas)
        answer = self.client.everything(request)
        for match in CAS.finditer(answer):
            cas = match[2] or match[3] or match[4]
            self._cas = cas if cas != b"0" else self._cas
        return answer


def without_cas(answer):
    def normalised(match):
        told = match[2] or match[3] or match[4]
        name = b"0" if told == b"0" else b"<cas>"
        return match[1] + b" " + name if match[1] else name
    return CAS.sub(normalised, answer)


def agree(ours, theirs, apart):
    """Whether two answers mean the same; no two requests were further `apart`, in seconds."""
    ours, theirs = without_cas(ours), without_cas(theirs)
    if ours == theirs:
        return True
    ttls = [[int(ttl) for ttl in TTL.findall(answer)] for answer in (ours, theirs)]
    return (TTL.sub(b"", ours) == TTL.sub(b"", theirs) and len(ttls[0]) == len(ttls[1]) and
            all(abs(a - b) <= 1 + 2 * apart for a, b in zip(*ttls)))


class MemcachedDifferentialTest(ForeignClusterTest):
    memcached = True

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(MemcachedServer())
        super().setUpClass()

    def connect(self, prefix, node=0):
        """(aegis, memcached)"""
        sides = (Side(self.cluster.nodes[node].memcached_port, prefix),
                 Side(self.server.port, prefix))
        for side in sides:
            self.addCleanup(side.client.close)
        return sides

    def compare(self, requests, prefix, node=0):
        aegis, memcached = self.connect(prefix, node)
        differences = []
        apart = 0.0
        for request in requests:
            began = time.monotonic()
            ours, theirs = aegis.ask(request), memcached.ask(request)
            apart = max(apart, time.monotonic() - began)
            if not agree(ours, theirs, apart):
                differences.append(f"{request[:80]}\n    aegis     {ours!r}\n"
                                   f"    memcached {theirs!r}")
        if differences:
            self.fail(f"{len(differences)} answers differ\n" + "\n".join(differences[:20]))

    def test_scripts_are_answered_as_memcached_answers_them(self):
        for node in range(3):
            for name, script in SCRIPTS.items():
                with self.subTest(script=name, node=node):
                    self.compare(script, f"{name.replace(' ', '-')}{node}:".encode(), node)

    def test_a_pipeline_is_answered_as_memcached_answers_it(self):
        keys = [b"p%d" % i for i in range(300)]  # Of all shards, led by all nodes.
        requests = b"".join(b"set %s 1 0 %d\r\n%s\r\n" % (key, len(key), key) for key in keys)
        requests += b"".join(b"get %s\r\nmg %s v k\r\n" % (key, key) for key in keys)
        requests += b"get " + b" ".join(keys + [b"nothing"] + keys) + b"\r\n"
        requests += b"".join(b"delete %s noreply\r\n" % key for key in keys[::2])
        requests += b"gat 100 " + b" ".join(keys) + b"\r\n"
        self.compare([requests], b"")

    def test_values_over_the_limit_are_answered_and_swallowed_as_memcached_does(self):
        for request in (b"set % 0 0 %d\r\n", b"set % 0 0 %d noreply\r\n", b"add % 0 0 %d\r\n",
                        b"ms % %d q\r\n"):
            aegis, memcached = self.connect(b"large")
            answers = []
            for side, size in ((aegis, (64 << 20) + 1), (memcached, (1 << 20) + 1)):
                side.ask(b"set % 0 0 3\r\nold\r\n")
                line = request.replace(b"%d", b"%d" % size)
                answers.append(side.ask(line + b"\r\n" * (size // 2) + b"x" * (size % 2) + b"\r\n"))
                answers[-1] += side.ask(b"get %\r\n")
            self.assertEqual(*answers, request)

    def test_flush_all_is_answered_as_memcached_answers_it_and_nothing_is_left(self):
        requests = [b"".join(b"set f%d 0 0 1\r\nx\r\n" % i for i in range(300))]
        for flush in (b"flush_all\r\n", b"flush_all 0\r\n", b"flush_all noreply\r\n"):
            requests += [flush, b"get " + b" ".join(b"f%d" % i for i in range(300)) + b"\r\n"]
        self.compare(requests, b"")

    def test_random_requests_are_answered_as_memcached_answers_them(self):
        self.compare(random_requests(random.Random(20240229)), b"random:", 1)

    def test_intended_differences_are_the_documented_ones(self):
        for number, (why, stage, request, expected) in enumerate(INTENDED_DIFFERENCES):
            prefix = b"difference%d" % number
            with self.subTest(why=why, request=request[:60]):
                aegis, memcached = self.connect(prefix)
                for side in (aegis, memcached):
                    side.ask(stage)
                ours, theirs = without_cas(aegis.ask(request)), without_cas(memcached.ask(request))
                self.assertEqual(ours, expected.replace(b"%", prefix))
                self.assertNotEqual(ours, theirs, "no longer a difference")


def random_requests(rng):
    """Requests over a few keys, in all ways of mixing them. Lifetimes lie far enough apart that no
    race decides an answer."""
    keys = [b"%" + letter.encode() for letter in "abcdefgh"]
    numbers = [b"%n" + letter.encode() for letter in "abc"]  # Read by adding 0, for the padding.
    values = [b"", b"x", b"hello", b"10", b"\r\n", b"END\r\n", b"x" * 3000]

    def stored(line, noreply=True):
        value = rng.choice(values)
        line = line.replace(b"#", b"%d" % len(value))
        if noreply and rng.random() < 0.2:
            line += b" noreply"
        return line + b"\r\n" + value + b"\r\n"

    def key():
        return rng.choice(keys)

    def exptime():
        return rng.choice([b"0", b"0", b"1000", b"2592000", b"2100000000", b"-1"])

    def flags():
        return b"%d" % rng.choice([0, 1, 4294967295])

    def meta(choices):
        return b"".join(b" " + flag for flag in choices if rng.random() < 0.3)

    def store():
        verb = rng.choice([b"set", b"set", b"add", b"replace", b"append", b"prepend"])
        return stored(b"%s %s %s %s #" % (verb, key(), flags(), exptime()))

    def compare_and_set():
        name = key()
        return b"gets %s\r\n" % name, stored(
            b"cas %s %s %s # %s" % (name, flags(), exptime(), rng.choice([b"<cas>", b"1"])))

    def meta_set():
        mode = rng.choice([b"", b" ME", b" MA", b" MP", b" MR", b" MS"])
        return stored(b"ms %s #%s T%s F%s" % (key(), mode, exptime(), flags()) +
                      meta([b"q", b"k", b"O7"]), noreply=False)

    makers = [
        store, store, store, meta_set, meta_set, compare_and_set,
        lambda: b"get %s\r\n" % key(),
        lambda: b"get %s\r\n" % b" ".join(key() for _ in range(rng.randrange(1, 6))),
        lambda: b"gets %s %s\r\n" % (key(), key()),
        lambda: b"gat %s %s %s\r\n" % (exptime(), key(), key()),
        lambda: b"touch %s %s%s\r\n" % (key(), exptime(), rng.choice([b"", b" noreply"])),
        lambda: b"delete %s%s\r\n" % (key(), rng.choice([b"", b" noreply", b" 0"])),
        lambda: b"mg %s%s\r\n" % (key(), meta([b"v", b"k", b"f", b"s", b"t", b"c", b"q", b"O1"])),
        lambda: b"mg %s v T%s\r\n" % (key(), exptime()),
        lambda: b"md %s%s\r\n" % (key(), meta([b"q", b"k", b"O1"])),
        lambda: b"set %s 0 0 2\r\n%d\r\n" % (rng.choice(numbers), rng.randrange(10, 100)),
        lambda: b"%s %s %d\r\n" % (rng.choice([b"incr", b"decr"]), rng.choice(numbers),
                                   rng.choice([0, 1, 7, 18446744073709551615])),
        lambda: b"ma %s v D%d%s\r\n" % (rng.choice(numbers), rng.choice([0, 1, 7]),
                                        meta([b"MD", b"N0", b"J5", b"k"])),
        lambda: b"delete %s\r\n" % rng.choice(numbers),
        lambda: b"incr %s 1\r\n" % key(),
    ]
    requests = []
    for _ in range(RANDOM_REQUESTS):
        made = rng.choice(makers)()
        requests += [made] if isinstance(made, bytes) else made
    return requests


if __name__ == "__main__":
    main()
