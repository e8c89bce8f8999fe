"""Reads files of a folder, or of a data set, in the order that it is told, and says how long each took: one process of an epoch.

usage: reader.py FILES (folder PATH | dataset NAME@VERSION)

FILES has a line for each: number in the data set, size, CRC-32 and path. Each line of standard input is an epoch, in JSON: which lines to read, and
whether the bytes are compared. Every way gives a file's bytes as an object of its own, and is told the size: nothing but open, read and close is done for a file.
"""

import array
import json
import os
import sys
import time
import zlib


def folder_reader(root, files):
    paths = [os.path.join(root, path) for *_, path in files]

    def read(index):
        descriptor, size = os.open(paths[index], os.O_RDONLY), files[index][1]
        try:
            content = os.read(descriptor, size)
            while len(content) < size and (more := os.read(descriptor, size - len(content))):
                content += more
            return content
        finally:
            os.close(descriptor)

    return read


def dataset_reader(named, files):
    import convoy

    dataset = convoy.dataset(*named.split("@"))
    return lambda index: dataset[files[index][0]]


def main():
    with open(sys.argv[1]) as file:
        files = [(int(number), int(size), int(crc), path) for number, size, crc, path in (line.rstrip("\n").split("\t") for line in file)]
    read = {"folder": folder_reader, "dataset": dataset_reader}[sys.argv[2]](sys.argv[3], files)
    print("ready", flush=True)
    for line in sys.stdin:
        epoch = json.loads(line)
        order, compared = epoch["order"], epoch["compared"]
        took = array.array("Q", bytes(8 * len(order)))
        total, clock = 0, time.monotonic_ns
        processor, began = time.process_time(), clock()
        for at, index in enumerate(order):
            before = clock()
            content = read(index)
            took[at] = clock() - before
            if len(content) != files[index][1] or compared and zlib.crc32(content) != files[index][2]:
                sys.exit(f"{files[index][3]} has other bytes than were written")
            total += len(content)
        ended, used = clock(), time.process_time() - processor
        print(json.dumps({"began": began, "ended": ended, "bytes": total, "processor": used, "took": took.tolist()}), flush=True)


if __name__ == "__main__":
    main()
