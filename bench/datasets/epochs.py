"""Shuffled epochs, read by one process or several."""

import dataclasses
import json
import os
import random
import statistics
import subprocess
import sys

from programs import memory, processor_seconds

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclasses.dataclass
class Epoch:
    megabytes: float
    """A second."""
    p50: float
    p99: float
    """Milliseconds a file, from open to close."""
    processor: float
    """Seconds a gigabyte, of those who read and who serves them."""
    server: float
    """The same of the platform's server."""
    own: int
    resident: int
    """Bytes of who serves them."""
    gets: float
    requests: float
    """Of a file, at the store."""
    brought: float
    """From the store, as a part of the bytes that were read."""


class Way:
    """Processes that read by one way in. They live as long as it does: what an epoch costs is reading."""

    def __init__(self, name, words, readers, store, daemon=None, server=None, sample=None, environment=None):
        self.name, self.readers, self.store, self.daemon, self.server = name, readers, store, daemon, server
        self.indices = list(sample)
        self.epochs = []
        here = {**os.environ, "PYTHONPATH": os.path.join(HERE, "..", "..", "python"), **(environment or {})}
        self._processes = [
            subprocess.Popen([sys.executable, os.path.join(HERE, "reader.py"), *words], env=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(readers)
        ]
        for process in self._processes:
            self._line(process)

    def close(self):
        for process in self._processes:
            process.stdin.close()
            process.wait()

    def read(self, seed, compared=False):
        """One epoch: each file once, in an order of its own."""
        order = list(self.indices)
        random.Random(seed).shuffle(order)
        served = [pid for pid in (self.daemon, self.server) if pid is not None]
        used, counted = {pid: processor_seconds(pid) for pid in served}, self.store.counts()
        for place, process in enumerate(self._processes):
            process.stdin.write(json.dumps({"order": order[place :: self.readers], "compared": compared}) + "\n")
            process.stdin.flush()
        told = [json.loads(self._line(process)) for process in self._processes]
        used = {pid: processor_seconds(pid) - used[pid] for pid in served}
        asked = self.store.counts() - counted
        total = sum(each["bytes"] for each in told)
        seconds = (max(each["ended"] for each in told) - min(each["began"] for each in told)) / 1e9
        took = sorted(nanoseconds for each in told for nanoseconds in each["took"])
        own, resident = memory(self.daemon) if self.daemon else (0, 0)
        epoch = Epoch(
            megabytes=total / seconds / 1e6,
            p50=took[len(took) // 2] / 1e6,
            p99=took[len(took) * 99 // 100] / 1e6,
            processor=(sum(each["processor"] for each in told) + used.get(self.daemon, 0)) / total * 1e9,
            server=used.get(self.server, 0) / total * 1e9,
            own=own,
            resident=resident,
            gets=asked["GET"] / len(order),
            requests=sum(count for what, count in asked.items() if not what.startswith("bytes")) / len(order),
            brought=asked["bytes"] / total,
        )
        if not compared:
            self.epochs.append(epoch)
        return epoch

    def middle(self):
        """Of each figure the median of its epochs."""
        return Epoch(**{field.name: statistics.median(getattr(epoch, field.name) for epoch in self.epochs) for field in dataclasses.fields(Epoch)})

    def _line(self, process):
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name}: a reader ended with {process.wait()}")
        return line


def in_turn(ways, rounds, compare_first=True):
    """The machine's mood passes over all of them alike."""
    if compare_first:
        for way in ways:
            way.read(seed=1, compared=True)
    for turn in range(rounds):
        for way in ways:
            way.read(seed=2 + turn)
