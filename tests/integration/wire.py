"""The proxy between the hosts of a private network (netns.py): takes every packet, and delays or
loses it as it is told.

    python3 wire.py ADDRESS=DESCRIPTOR...

Each descriptor is the TUN device of the host with that address. Orders come as lines of JSON on the
standard input, [sender, receiver, delay, jitter, loss]: packets from the one address to the other
take `delay` to `delay + jitter` seconds, so they overtake each other, and a share `loss` of them is
never delivered. An answer "ok" says that an order is carried out. Ends with its standard input.
"""

import heapq
import itertools
import json
import os
import random
import select
import sys
import time

_PACKET_MAX = 65536
_IPV4 = 4


class Wire:
    """Packets between devices, under way."""

    def __init__(self, devices, seed=1):
        self._devices = devices  # {address as 4 bytes: descriptor}
        self._impairments = {}   # {(sender, receiver): (delay, jitter, loss)}
        self._under_way = []     # Heap of (when it is due, serial, descriptor, packet).
        self._serials = itertools.count()
        self._random = random.Random(seed)

    def impair(self, sender, receiver, impairment):
        self._impairments[sender, receiver] = impairment

    def take(self, packet, now):
        """A packet was sent."""
        if packet[0] >> 4 != _IPV4:
            return  # What hosts say about IPv6 by themselves.
        sender, receiver = packet[12:16], packet[16:20]
        if receiver not in self._devices:
            return
        delay, jitter, loss = self._impairments.get((sender, receiver), (0, 0, 0))
        if loss and self._random.random() < loss:
            return
        due = now + delay + jitter * self._random.random()
        heapq.heappush(self._under_way,
                       (due, next(self._serials), self._devices[receiver], packet))

    def deliver(self, now):
        """Delivers what is due; seconds until more is, None: nothing is under way."""
        while self._under_way and self._under_way[0][0] <= now:
            _, _, device, packet = heapq.heappop(self._under_way)
            try:
                os.write(device, packet)
            except OSError:
                pass  # The host's queue is full, or its device is gone: so is the packet.
        return self._under_way[0][0] - now if self._under_way else None


def _address(text):
    return bytes(int(part) for part in text.split("."))


def main():
    devices = {}
    for argument in sys.argv[1:]:
        address, _, descriptor = argument.partition("=")
        devices[_address(address)] = int(descriptor)
    wire = Wire(devices)
    for device in devices.values():
        os.set_blocking(device, False)
    while True:
        wait = wire.deliver(time.monotonic())
        ready, _, _ = select.select([sys.stdin, *devices.values()], [], [], wait)
        for device in ready:
            if device is sys.stdin:
                order = sys.stdin.readline()
                if not order:
                    return
                sender, receiver, *impairment = json.loads(order)
                wire.impair(_address(sender), _address(receiver), tuple(impairment))
                print("ok", flush=True)
                continue
            try:
                wire.take(os.read(device, _PACKET_MAX), time.monotonic())
            except BlockingIOError:
                pass


if __name__ == "__main__":
    main()
