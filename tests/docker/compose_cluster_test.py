#!/usr/bin/env python3
"""The compose cluster of deploy/, for real: built, started, used, watched, hurt and taken down.

usage: compose_cluster_test.py SOURCE_DIR BINARY_DIR [unittest arguments]

Every test leaves the cluster whole, so they may run in any order. They wait for events, each with
a deadline. The ports of deploy/docker-compose.yml must be free.
"""

import contextlib
import json
import os
import sys
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import engine
from engine import run

SOURCE_DIR, BINARY_DIR = (os.path.abspath(path) for path in sys.argv[1:3])
CLI = os.path.join(BINARY_DIR, "bin/aegis-cli")
PROJECT = "aegistest"
NODES = {"node1": 7700, "node2": 7710, "node3": 7720}
HTTP_PORTS = {"node1": 8080, "node2": 8081, "node3": 8082}
KEYS = 2000
PATIENCE = 180.0  # Seconds within which each awaited event must come.


def compose(*words):
    version2 = engine.succeeds("docker", "compose", "version")
    command = ["docker", "compose"] if version2 else ["docker-compose"]
    return run(*command, "--project-name", PROJECT,
               "--file", os.path.join(SOURCE_DIR, "deploy/docker-compose.yml"), *words)


def container(service):
    return run("docker", "ps", "--all", "--quiet",
               "--filter", f"label=com.docker.compose.project={PROJECT}",
               "--filter", f"label=com.docker.compose.service={service}").strip()


def health(service):
    return run("docker", "inspect", "--format", "{{.State.Health.Status}}",
               container(service)).strip()


def get(url):
    """The status and the body of an answer; (0, reason) when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


def query(expression):
    """Prometheus' answer to an instant query: [({label: value}, number), ...]."""
    status, body = get("http://127.0.0.1:9090/api/v1/query?" +
                       urllib.parse.urlencode({"query": expression}))
    if status != 200:
        return []
    return [(series["metric"], float(series["value"][1]))
            for series in json.loads(body)["data"]["result"]]


def wait_until(what, condition):
    """Returns what `condition` returned when it was true."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {PATIENCE:.0f} s")
        time.sleep(0.1)
    return result


def refused(replies):
    """Whether a shard had no leader in time for one of these: it is to be asked again."""
    return any(word in reply for reply in replies for word in ("CLUSTERDOWN", "TRYAGAIN"))


def wait_until_ready(services):
    for service in services:
        wait_until(f"{service} is ready", lambda port=HTTP_PORTS[service]:
                   get(f"http://127.0.0.1:{port}/ready")[0] == 200)


def redis(port, commands):
    """The replies of redis-cli to one command per line, one line each."""
    return run("redis-cli", "-p", str(port), input="\n".join(commands) + "\n",
               stdin=None).splitlines()


class ComposeClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(compose, "down", "--volumes", "--timeout", "40")
        try:
            compose("up", "--build", "--detach")
            wait_until_ready(NODES)
            writes = [f"SET key:{i} value:{i}" for i in range(KEYS)]
            replies = wait_until("every write is answered", lambda: None if refused(
                replies := redis(NODES["node1"], writes)) else replies)
            if replies != ["OK"] * KEYS:
                raise AssertionError(f"a write was refused: {set(replies)}")
        except BaseException:
            with contextlib.suppress(RuntimeError):
                print(compose("logs", "--tail", "40"), file=sys.stderr)
            raise

    def check_all_keys(self, port):
        reads = [f"GET key:{i}" for i in range(KEYS)]
        values = wait_until("every read is answered", lambda: None if refused(
            values := redis(port, reads)) else values)
        self.assertEqual(values, [f"value:{i}" for i in range(KEYS)])

    def test_docker_itself_sees_every_node_healthy(self):
        for service in NODES:
            wait_until(f"{service} is healthy", lambda name=service: health(name) == "healthy")

    def test_keys_written_through_one_published_port_are_read_through_every_other(self):
        for port in NODES.values():
            self.check_all_keys(port)

    def test_a_ttl_set_through_one_node_counts_down_on_another(self):
        self.assertEqual(redis(NODES["node2"], ["SET fleeting v EX 600"]), ["OK"])
        (ttl,) = redis(NODES["node3"], ["TTL fleeting"])
        self.assertIn(int(ttl), range(500, 601))

    def test_aegis_cli_works_from_outside_on_any_published_port(self):
        run(CLI, "--server", "127.0.0.1:7710", "set", "outside", "hello", "--ttl", "600s")
        self.assertEqual(run(CLI, "--server", "127.0.0.1:7720", "get", "outside").strip(), "hello")

    def test_aegis_cli_works_inside_a_container(self):
        inside = container("node3")
        run("docker", "exec", inside, "aegis-cli", "set", "inside", "hello")
        self.assertEqual(run("docker", "exec", container("node1"),
                             "aegis-cli", "get", "inside").strip(), "hello")
        members = run("docker", "exec", inside, "aegis-cli", "members")
        for service in NODES:
            self.assertIn(service, members)

    def test_the_node_does_not_run_as_root(self):
        self.assertEqual(run("docker", "exec", container("node1"), "id", "-un").strip(), "aegis")

    def test_prometheus_sees_three_targets_up(self):
        up = wait_until("three targets up", lambda: [
            labels["instance"] for labels, value in query('up{job="aegiskv"} == 1')
        ] if len(query('up{job="aegiskv"} == 1')) == 3 else None)
        self.assertEqual(sorted(up), [f"{name}:8080" for name in NODES])

    def test_prometheus_series_hold_the_right_values(self):
        redis(NODES["node1"], ["DEL fleeting inside outside"])
        expected = KEYS  # Three nodes, three replicas: every node holds every key.
        for expression, values in {
                "aegiskv_keys": [expected] * 3,
                "aegiskv_ready": [1] * 3,
                'aegiskv_members{state="alive"}': [3] * 3,
                "aegiskv_shards_held": [256] * 3,
                "sum(aegiskv_shards_led)": [256],
                'sum(aegiskv_commands_total{command="set"}) >= bool %d' % KEYS: [1],
        }.items():
            wait_until(f"{expression} is {values}", lambda query_text=expression, want=values: [
                value for _, value in query(query_text)] == want)

    def test_a_stopped_container_costs_no_key(self):
        try:
            run("docker", "stop", "--time", "40", container("node2"))
            for service in ("node1", "node3"):
                self.check_all_keys(NODES[service])
            wait_until("Prometheus misses node2", lambda: [
                labels["instance"] for labels, _ in query('up{job="aegiskv"} == 0')
            ] == ["node2:8080"])
        finally:
            run("docker", "start", container("node2"))
            wait_until_ready(NODES)
        self.check_all_keys(NODES["node2"])

    def test_a_killed_container_costs_no_key(self):
        try:
            run("docker", "kill", container("node3"))
            for service in ("node1", "node2"):
                self.check_all_keys(NODES[service])
        finally:
            run("docker", "start", container("node3"))
            wait_until_ready(NODES)
        self.check_all_keys(NODES["node3"])


if __name__ == "__main__":
    with engine.engine(os.path.join(BINARY_DIR, "docker/data")):
        unittest.main(argv=[sys.argv[0], "--verbose", *sys.argv[3:]])
