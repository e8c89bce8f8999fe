"""Data sets of millions of small files: what the agent needs of memory, how soon it serves, and how long a listing takes."""

import os
import random
import subprocess
import threading
import time

from programs import memory

BYTES, CONTENTS, IN_FOLDER = 64, 997, 1000
_BLOCK = 512


def push(platform, name, count):
    """Through a tar, as they would lie in a folder; few contents, so that the store does not count. The answer is seconds."""
    began = time.monotonic()
    told = os.path.join(platform.folder, "push.out")
    with open(told, "wb") as output:
        process = subprocess.Popen([f"{platform.programs}/convoy", "dataset", "push", name, "-"], env=platform.environment, stdin=subprocess.PIPE, stdout=output, stderr=output)
        try:
            for folder in range(count // IN_FOLDER):
                process.stdin.write(_folder(folder))
            process.stdin.write(bytes(2 * _BLOCK))
            process.stdin.close()
        finally:
            process.wait()
    if process.returncode != 0:
        with open(told) as file:
            raise RuntimeError(file.read()[-2000:])
    return time.monotonic() - began


def path_of(number):
    return f"{number // IN_FOLDER:05d}/{number:09d}"


def _folder(folder):
    return b"".join(_entry(number) for number in range(folder * IN_FOLDER, (folder + 1) * IN_FOLDER))


def _entry(number):
    """A header of ustar and one block of content."""
    path = path_of(number).encode()
    total = _REST_SUM + sum(path)
    return b"".join((path, bytes(100 - len(path)), _BEFORE, b"%06o\0 " % total, _AFTER, _CONTENTS[number % CONTENTS]))


_BEFORE = b"0000644\0" b"0000000\0" b"0000000\0" + b"%011o\0" % BYTES + b"00000000000\0"
_AFTER = b"0" + bytes(100) + b"ustar\0" b"00" + bytes(_BLOCK - 265)
_REST_SUM = sum(_BEFORE) + sum(_AFTER) + 8 * ord(" ")
_CONTENTS = [number.to_bytes(BYTES, "little") + bytes(_BLOCK - BYTES) for number in range(CONTENTS)]


def first_byte(agent, name, number):
    """Seconds from asking for the mount to a byte of a file."""
    began = time.monotonic()
    root = agent.open(name, "v1")
    with open(os.path.join(root, path_of(number)), "rb", buffering=0) as file:
        if len(file.read(1)) != 1:
            raise RuntimeError("no byte came")
    return time.monotonic() - began, root


def list_all(root, expected):
    """Seconds that names and sizes of all take, as find has them."""
    began = time.monotonic()
    with subprocess.Popen(["find", root, "-type", "f", "-printf", "%s\\n"], stdout=subprocess.PIPE) as found:
        lines = sum(piece.count(b"\n") for piece in iter(lambda: found.stdout.read(1 << 20), b""))
    if lines != expected:
        raise RuntimeError(f"{lines} files are listed, not {expected}")
    return time.monotonic() - began


def touch(root, count, reads=20_000):
    """Files all over it, so that the index is in memory where it is needed."""
    chance = random.Random(count)
    for _ in range(reads):
        number = chance.randrange(count)
        with open(os.path.join(root, path_of(number)), "rb", buffering=0) as file:
            if int.from_bytes(file.read(BYTES), "little") != number % CONTENTS:
                raise RuntimeError(f"file {number} has other bytes")


class MostMemory:
    """What is its own, while something is done, at most."""

    def __init__(self, pid):
        self.pid, self.own, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.wait(0.05):
            self.own = max(self.own, memory(self.pid)[0])
