"""A memcached of our own: Debian's binary on a private port, empty, ended with the test."""

import getpass
import shutil
import subprocess

from cluster import HOST, die_with_parent, free_ports, wait_until
from memcached_client import MemcachedClient


class MemcachedServer:
    def __init__(self):
        binary = shutil.which("memcached")
        assert binary, "memcached is not installed: apt-get install memcached"
        (self.port,) = free_ports(1)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [binary, "-u", getpass.getuser(), "-l", HOST, "-p", str(self.port), "-m", "64"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def __enter__(self):
        try:
            wait_until(self._answers, "memcached answers")
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _answers(self):
        assert self.process.poll() is None, "memcached ended by itself"
        try:
            with MemcachedClient(self.port) as client:
                return client.call(b"mn\r\n") == b"MN\r\n"
        except OSError:
            return False
