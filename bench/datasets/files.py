"""The files that are read: sizes as in a folder of pictures, with a few large ones, and bytes that no two of them share."""

import os
import random
import zlib

AVERAGE, SPREAD = 100_000, 0.4
LARGE, ONE_IN = 5_000_000, 1000
_FOLDER = 1000
_NOISE = 32 << 20


def write(root, count, listing):
    """The listing has a line for each: its number in the data set, which is its place in path order, then size, CRC-32 and path. The answer is all their bytes."""
    chance, noise = random.Random(count), os.urandom(_NOISE)
    total = 0
    with open(listing, "w") as lines:
        for number in range(count):
            path = f"{number // _FOLDER:04d}/{number:08d}.bin"
            if number % _FOLDER == 0:
                os.makedirs(os.path.join(root, os.path.dirname(path)))
            content = content_of(number, chance, noise)
            with open(os.path.join(root, path), "wb") as file:
                file.write(content)
            lines.write(f"{number}\t{len(content)}\t{zlib.crc32(content)}\t{path}\n")
            total += len(content)
    return total


def content_of(number, chance, noise):
    size = LARGE if number % ONE_IN == ONE_IN // 2 else int(AVERAGE * chance.uniform(1 - SPREAD, 1 + SPREAD))
    at = chance.randrange(len(noise) - size)
    return number.to_bytes(8, "little") + noise[at : at + size - 8]


def change(root, numbers):
    """New bytes for some of them. The answer is how many bytes those have."""
    total = 0
    for number in numbers:
        path = os.path.join(root, f"{number // _FOLDER:04d}/{number:08d}.bin")
        size = os.path.getsize(path)
        with open(path, "wb") as file:
            file.write(os.urandom(size))
        total += size
    return total
