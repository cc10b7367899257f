"""A private network for tests: network namespaces around one switch, whose cables can be cut.

    with Network(3) as network:
        with network.namespaces[0]:          # Sockets and processes made here are host 0's.
            ...
        network.partition([0], [1, 2])       # Nothing gets through, either way.
        network.cut([0], [1])                # What 0 sends does not reach 1; the other way is open.
        network.heal()

    with Network(3, wired=True) as network:  # The packets go through a proxy (wire.py) ...
        network.impair([0], [1], delay=0.02, jitter=0.01, loss=0.02)

The test itself is one more host of the network, at `test_address`, and stays outside all cuts.
Packets are dropped where they arrive, silently, as by a dead cable: connections stay open and hang.

Needs root, iproute2 and iptables, and fails with a sentence where one is missing. Everything is
named after this process and removed when the network is closed, when the process ends or is
interrupted, and, should it be killed, by the next Network of any process.
"""

import atexit
import ctypes
import fcntl
import itertools
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_NAMES = Path("/var/run/netns")
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_serials = itertools.count()
# Addresses that are set aside for tests of network devices (RFC 2544), so that nobody routes them.
_SUBNETS = [f"198.{18 + i // 256}.{i % 256}" for i in range(512)]
_TUN_SET_INTERFACE = 0x400454CA
_TUN_PACKETS = 0x1001  # IFF_TUN | IFF_NO_PI
_TEST_HOST = 254
_HOSTS_MAX = 100


def _run(*command, text=None):
    """Runs a tool to its end; AssertionError says what it said."""
    program = shutil.which(command[0], path=_PATH)
    assert program, (f"these tests need the program '{command[0]}': scripts/packages lists the "
                     "packages, scripts/setup test installs them")
    done = subprocess.run([program, *command[1:]], input=text, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout.strip()}"
    return done.stdout


def _set_namespace(descriptor):
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter a network namespace")


class Namespace:
    """One named network namespace. `with` it, this thread is in it: sockets made there stay in it
    for ever, and so do processes."""

    def __init__(self, name):
        self.name = name
        _run("ip", "netns", "add", name)
        self._own = os.open(_NAMES / name, os.O_RDONLY)
        self._entered = threading.local()

    def __enter__(self):
        came_from = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _set_namespace(self._own)
        self._entered.came_from = [*getattr(self._entered, "came_from", []), came_from]
        return self

    def __exit__(self, *_):
        came_from = self._entered.came_from.pop()
        _set_namespace(came_from)
        os.close(came_from)

    def delete(self):
        """Removes the name; the namespace goes with its last process and socket."""
        os.close(self._own)
        _run("ip", "netns", "delete", self.name)


def _process_lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def left_behind(names):
    """Those of `names`, which hold aegis-PID-, whose process has ended."""
    return [name for name in names
            if (match := re.search(r"aegis-(\d+)-", name)) and not _process_lives(int(match[1]))]


def _remove_left_behind():
    for name in left_behind(os.listdir(_NAMES) if _NAMES.exists() else []):
        # Another test may be doing the same: that it is gone is all that counts.
        subprocess.run(["ip", "netns", "delete", name], check=False, env={"PATH": _PATH},
                       stderr=subprocess.DEVNULL)


def _interrupt(number, _):
    """Ends the test as Ctrl-C would, so that atexit runs."""
    raise KeyboardInterrupt(f"signal {number}")


def _tun(name):
    """A network device, in this thread's namespace, whose packets are read and written here."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _TUN_SET_INTERFACE, struct.pack("16sH22x", name.encode(), _TUN_PACKETS))
    return device


class Network:
    """`hosts` namespaces, numbered from 0, on one switch, or around one wire."""

    def __init__(self, hosts, wired=False):
        assert hosts <= _HOSTS_MAX
        assert os.geteuid() == 0, (
            "these tests make network namespaces, and that needs root: run them as root, "
            "or in a container with --privileged")
        _remove_left_behind()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, _interrupt)
        self._label = f"{os.getpid()}-{next(_serials)}"
        self._closed = False
        self._switch = None
        self._wire = None
        self._subnet = self._free_subnet()
        self._test_link = "ag" + self._label.replace("-", "x")
        self.namespaces = []
        # Per host: {sender: probability that its packets are lost}.
        self._losses = [{} for _ in range(hosts)]
        atexit.register(self.close)
        try:
            (self._build_wire if wired else self._build)(hosts)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def address(self, host):
        return f"{self._subnet}.{host + 1}"

    @property
    def test_address(self):
        return f"{self._subnet}.{_TEST_HOST}"

    def names(self):
        """What the system can see of this network: its namespaces and its link."""
        return ([name for name in os.listdir(_NAMES) if name.startswith(f"aegis-{self._label}-")] +
                [name for name in os.listdir("/sys/class/net") if name == self._test_link])

    def cut(self, senders, receivers):
        """From now on nothing that `senders` send reaches `receivers`."""
        self.lose(senders, receivers, 1.0)

    def partition(self, group, other):
        """From now on nothing gets from one group to the other, either way."""
        self._note_losses(group, other, 1.0)
        self._note_losses(other, group, 1.0)
        self._apply({*group, *other})

    def lose(self, senders, receivers, probability):
        """From now on each packet from `senders` to `receivers` is lost with this probability."""
        self._note_losses(senders, receivers, probability)
        self._apply(receivers)

    def impair(self, senders, receivers, delay=0.0, jitter=0.0, loss=0.0):
        """From now on packets from `senders` to `receivers` take `delay` to `delay + jitter`
        seconds, so that they overtake each other, or are lost with the probability `loss`."""
        assert self._wire, "only the packets of a wired network can be delayed"
        for sender in senders:
            for receiver in receivers:
                order = [self.address(sender), self.address(receiver), delay, jitter, loss]
                self._wire.stdin.write(json.dumps(order) + "\n")
                self._wire.stdin.flush()
                assert self._wire.stdout.readline() == "ok\n", "the wire has ended"

    def heal(self):
        """Everything gets through again, at once."""
        if self._wire:
            everybody = range(len(self._losses))
            self.impair(everybody, everybody)
        self._losses = [{} for _ in self._losses]
        self._apply(range(len(self._losses)))

    def close(self):
        """Removes everything, whatever state it is in. May be called again."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        if self._wire:
            with self._wire:  # It ends with its standard input, and its devices with it.
                self._wire.stdin.close()
        if os.path.exists(f"/sys/class/net/{self._test_link}"):
            _run("ip", "link", "delete", self._test_link)
        for namespace in [*self.namespaces, *([self._switch] if self._switch else [])]:
            namespace.delete()

    def _free_subnet(self):
        routes = _run("ip", "-4", "route", "show", "table", "all")
        for i in range(len(_SUBNETS)):
            subnet = _SUBNETS[(os.getpid() + i) % len(_SUBNETS)]
            if f"{subnet}." not in routes:
                return subnet
        raise AssertionError(f"all subnets from {_SUBNETS[0]}.0/24 on are in use")

    def _build(self, hosts):
        # The switch has a namespace too, so that no firewall rule of this machine concerns it.
        self._switch = Namespace(f"aegis-{self._label}-switch")
        switch = self._switch.name
        self._ip(switch, "link add bridge type bridge forward_delay 0 mcast_snooping 0",
                 "link set bridge up")
        for host in range(hosts):
            namespace = Namespace(f"aegis-{self._label}-{host}")
            self.namespaces.append(namespace)
            self._ip(switch, f"link add port{host} type veth peer name eth0 netns {namespace.name}",
                     f"link set port{host} master bridge up")
            self._ip(namespace.name, "link set lo up",
                     f"address add {self.address(host)}/24 dev eth0", "link set eth0 up")
        self._ip(switch, f"link add test type veth peer name {self._test_link} netns {os.getpid()}",
                 "link set test master bridge up")
        _run("ip", "address", "add", f"{self.test_address}/24", "dev", self._test_link)
        _run("ip", "link", "set", self._test_link, "up")

    def _build_wire(self, hosts):
        devices = {}
        for host in range(hosts):
            namespace = Namespace(f"aegis-{self._label}-{host}")
            self.namespaces.append(namespace)
            with namespace:
                devices[self.address(host)] = _tun("eth0")
            self._ip(namespace.name, "link set lo up",
                     f"address add {self.address(host)}/24 dev eth0", "link set eth0 up")
        devices[self.test_address] = _tun(self._test_link)
        _run("ip", "address", "add", f"{self.test_address}/24", "dev", self._test_link)
        _run("ip", "link", "set", self._test_link, "up")
        self._wire = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, "-B", Path(__file__).with_name("wire.py"),
             *(f"{address}={device}" for address, device in devices.items())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            pass_fds=list(devices.values()))
        for device in devices.values():
            os.close(device)

    @staticmethod
    def _ip(namespace, *lines):
        _run("ip", "-netns", namespace, "-batch", "-", text="\n".join(lines) + "\n")

    def _note_losses(self, senders, receivers, probability):
        for receiver in receivers:
            for sender in senders:
                assert sender != receiver, "a host cannot be cut from itself"
                self._losses[receiver][sender] = probability

    def _apply(self, hosts):
        for host in hosts:
            rules = []
            for sender, probability in self._losses[host].items():
                chance = ("" if probability >= 1 else
                          f"-m statistic --mode random --probability {probability} ")
                rules.append(f"-A INPUT -s {self.address(sender)} {chance}-j DROP\n")
            with self.namespaces[host]:
                # Tools of another test may hold the lock that all of a machine share.
                _run("iptables-restore", "-w", "60", text=(
                    f"*filter\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n{''.join(rules)}COMMIT\n"))
