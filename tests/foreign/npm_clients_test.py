#!/usr/bin/env python3
"""The npm packages ioredis and redis against every node, in RESP2 and RESP3.

    npm_clients_test.py path/to/aegis [unittest arguments]

Installs the packages into a temporary directory first (npm keeps what it fetched in its cache).
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from foreign_cluster import ForeignClusterTest, main

SOURCES = Path(__file__).parent / "node_clients"
INSTALL_PATIENCE = 300
RUN_PATIENCE = 250


class NpmClientsTest(ForeignClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        base = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="aegis-npm-"))
        cls.directory = Path(base) / "clients"
        shutil.copytree(SOURCES, cls.directory)
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=cls.directory, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=INSTALL_PATIENCE, check=False)
        assert done.returncode == 0, f"npm install failed:\n{done.stdout}{done.stderr}"

    def run_script(self, name):
        done = subprocess.run(
            ["node", name, *map(str, self.ports)], cwd=self.directory,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_PATIENCE,
            check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_ioredis_works_against_every_node(self):
        self.assertEqual(self.run_script("ioredis_test.mjs"),
                         "ioredis RESP2: as expected\nioredis RESP3: as expected\n")

    def test_node_redis_works_against_every_node(self):
        self.assertEqual(self.run_script("node_redis_test.mjs"),
                         "node-redis RESP2: as expected\nnode-redis RESP3: as expected\n")

    def test_clients_of_clusters_find_the_leaders(self):
        self.assertEqual(self.run_script("cluster_test.mjs"),
                         "ioredis Cluster: as expected\nnode-redis cluster: as expected\n")


if __name__ == "__main__":
    main()
