"""A redis-server of our own: Debian's binary on a private port, empty, ended with the test."""

import shutil
import subprocess
import tempfile

from cluster import HOST, die_with_parent, free_ports, wait_until
from resp_client import RespClient


class RedisServer:
    def __init__(self):
        binary = shutil.which("redis-server")
        assert binary, "redis-server is not installed: apt-get install redis-server"
        self.directory = tempfile.mkdtemp(prefix="aegis-redis-")
        (self.port,) = free_ports(1)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [binary, "--port", str(self.port), "--bind", HOST, "--save", "", "--dir",
             self.directory],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def __enter__(self):
        try:
            wait_until(self._answers, "redis-server answers")
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _answers(self):
        assert self.process.poll() is None, "redis-server ended by itself"
        try:
            with RespClient(self.port) as client:
                return client.call("PING") == b"+PONG\r\n"
        except OSError:
            return False
