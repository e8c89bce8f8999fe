"""Measures the cache of data sets against its targets, in one run, beside other ways to read the same files; see README.md."""

import argparse
import collections
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import files
import many
import results
import rivals
from convoy_here import BUCKET, Agent, Platform
from counted import CountedStore
from epochs import Way, in_turn
from gateway import Gateway
from programs import memory

READERS = (1, 8)
CHANGED = 0.01


class Run:
    def __init__(self, options, folder, ends):
        self.options, self.folder, self.ends = options, folder, ends
        self.figures, self.ways = {}, []
        self.listing = os.path.join(folder, "files.tsv")
        self.source = self.new_folder("source")

    def new_folder(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path)
        return path

    def say(self, text):
        print(f"{time.monotonic() - self.options.began:6.0f} s  {text}", file=sys.stderr, flush=True)

    def begin(self):
        self.say("files and store")
        self.bytes = files.write(self.source, self.options.files, self.listing)
        gateway = Gateway(self.new_folder("gateway"), room=2 * self.bytes + (4 << 30))
        self.ends.callback(gateway.close)
        self.store = CountedStore(gateway.port)
        self.ends.callback(self.store.close)
        for bucket in (BUCKET, rivals.BUCKET):
            rivals.make_bucket(self.store.port, bucket)
        self.platform = Platform(self.options.programs, self.new_folder("platform"), self.store.port)
        self.ends.callback(self.platform.close)
        self.all = range(self.options.files)
        self.sample = sorted(random.Random(7).sample(self.all, min(self.options.sample, self.options.files)))
        began = time.monotonic()
        self.platform.type("dataset", "push", "bench", self.source)
        self.figures["push"] = self.bytes / (time.monotonic() - began) / 1e6

    def way(self, name, kind, root, readers, ends, agent=None, daemon=None, sample=None, share=100):
        way = Way(
            name, [self.listing, kind, root], readers, self.store, daemon=agent.process.pid if agent else daemon, server=self.platform.process.pid if agent else None,
            sample=self.all if sample is None else sample, environment=agent.environment(share) if agent else None,
        )
        ends.callback(way.close)
        self.ways.append((share if agent else None, way))
        return way

    def agent(self, name, ends):
        agent = Agent(self.platform, self.new_folder(name))
        ends.callback(shutil.rmtree, agent.folder)
        ends.callback(agent.close)
        return agent

    def warm(self):
        """Everything is held: beside folders of this machine, in turn."""
        self.say("share 100 %")
        with contextlib.ExitStack() as ends:
            agent = self.agent("held", ends)
            asked = self.store.counts()
            root = agent.open("bench", "v1")
            self.figures["fill"] = self.bytes / agent.fill("bench") / 1e6
            self.figures["fill requests"] = (self.store.counts() - asked)["GET"]
            memory_disk = self.new_folder("tmpfs")
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.bytes * 2}", "tmpfs", memory_disk], check=True)
            ends.callback(subprocess.run, ["umount", "-l", memory_disk], check=True)
            shutil.copytree(self.source, memory_disk, dirs_exist_ok=True)
            for readers in READERS:
                with contextlib.ExitStack() as these:
                    ways = [
                        self.way("ext4", "folder", self.source, readers, these),
                        self.way("tmpfs", "folder", memory_disk, readers, these),
                        self.way("Convoy, mount", "folder", root, readers, these, agent),
                        self.way("Convoy, Python", "dataset", "bench@v1", readers, these, agent),
                    ]
                    in_turn(ways, self.options.rounds)
            self.figures["agent"] = memory(agent.process.pid)
            self.restart(agent)

    def restart(self, agent):
        self.say("restart with a full cache")
        agent.kill()
        asked, began = self.store.counts(), time.monotonic()
        agent.launch()
        root = agent.open("bench", "v1")
        path = next(os.path.join(folder, names[0]) for folder, _, names in os.walk(root) if names)
        with open(path, "rb", buffering=0) as file:
            file.read(1)
        self.figures["restart"] = time.monotonic() - began
        with contextlib.closing(Way("restarted", [self.listing, "folder", root], 1, self.store, sample=self.all)) as way:
            way.read(1, compared=True)
        self.figures["fetched again"] = (self.store.counts() - asked)["GET"]

    def shares(self):
        """A store that gives only so much a second. The figures of the share are of all files, by eight readers."""
        self.store.cap = self.options.cap * 1e6
        for share in (50, 0):
            self.say(f"share {share} %")
            with contextlib.ExitStack() as ends:
                agent = self.agent(f"share{share}", ends)
                root = agent.open("bench", "v1", share)
                self.store.cap = None
                agent.fill("bench")
                self.store.cap = self.options.cap * 1e6
                for readers in READERS:
                    sample = self.all if readers > 1 else self.sample
                    for name, kind, where in (("Convoy, mount", "folder", root), ("Convoy, Python", "dataset", "bench@v1")):
                        with contextlib.ExitStack() as these:
                            in_turn([self.way(name, kind, where, readers, these, agent, sample=sample, share=share)], 2)
                self.figures[f"status {share}"] = agent.status("bench")
        self.store.cap = None
        self.figures["lru"] = hits_of_lru(self.listing, 0.5)

    def rival_mounts(self):
        """No cap: what they cost of themselves."""
        paths = dict(enumerate(line.rstrip("\n").split("\t")[3] for line in open(self.listing)))
        self.say(f"{len(self.sample)} files as objects")
        rivals.upload(self.store.port, self.source, [paths[index] for index in self.sample], os.path.join(self.folder, "sample"))
        for kind in ("s3fs", "s3fs, its cache full", "rclone mount", "rclone mount, its cache full"):
            self.say(kind)
            with contextlib.ExitStack() as ends:
                folder = self.new_folder(kind.replace(", ", "-").replace(" ", "-"))
                mounted = rivals.mount(kind, folder, self.store.port)
                ends.callback(shutil.rmtree, folder)
                ends.callback(mounted.close)
                for readers in READERS:
                    with contextlib.ExitStack() as these:
                        in_turn([self.way(kind, "folder", mounted.root, readers, these, daemon=mounted.process.pid, sample=self.sample)], 2)

    def millions(self):
        rows = self.figures["millions"] = []
        for million in self.options.millions:
            count, name = int(million * 1_000_000), f"many-{int(million * 1_000_000)}"
            self.say(f"{million:g} million files")
            row = {"files": count, "push": many.push(self.platform, name, count)}
            with contextlib.ExitStack() as ends:
                agent = self.agent(name, ends)
                row["empty"] = memory(agent.process.pid)[0]
                with many.MostMemory(agent.process.pid) as most:
                    row["first mount"], root = many.first_byte(agent, name, count // 2)
                row["most"] = most.own
                many.touch(root, count)
                row["own"], row["resident"] = memory(agent.process.pid)
                agent.kill()
                agent.launch()
                row["mount again"], root = many.first_byte(agent, name, count // 3)
                if count <= 1_000_000:
                    row["cold"], row["warm"] = many.list_all(root, count), many.list_all(root, count)
                    row["listed"] = memory(agent.process.pid)[0]
            rows.append(row)

    def replication(self):
        self.say("copies")
        size = lambda: sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(self.platform.copies) for name in names)
        self.platform.type("dataset", "replicate", "bench", "--to", "copies", "--once", "--wait", "--yes")
        before = size()
        chosen = sorted(random.Random(11).sample(self.all, max(1, int(self.options.files * CHANGED))))
        changed = files.change(self.source, chosen)
        self.platform.type("dataset", "push", "bench", self.source)
        self.platform.type("dataset", "replicate", "bench", "--to", "copies", "--once", "--wait", "--yes")
        self.figures["whole copy"], self.figures["copied"], self.figures["changed"] = before, size() - before, changed


def hits_of_lru(listing, share):
    """Hit ratio of epochs 2 and 3, had the cache kept what was read last."""
    sizes = [int(line.split("\t")[1]) for line in open(listing)]
    room, held, used, hits = sum(sizes) * share, collections.OrderedDict(), 0, 0
    for epoch in range(3):
        order = list(range(len(sizes)))
        random.Random(epoch).shuffle(order)
        for number in order:
            if number in held:
                held.move_to_end(number)
                hits += sizes[number] if epoch > 0 else 0
                continue
            held[number] = None
            used += sizes[number]
            while used > room:
                used -= sizes[held.popitem(last=False)[0]]
    return hits / sum(sizes) / 2


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("programs", help="a folder with convoy, convoy-server and convoy-node, as they are published")
    arguments.add_argument("--files", type=int, default=20_000, help="of about 100 KB")
    arguments.add_argument("--sample", type=int, default=2_000, help="of these, what is read where a file takes milliseconds")
    arguments.add_argument("--cap", type=float, default=100, help="MB/s of the store where the share is below 100 %%")
    arguments.add_argument("--rounds", type=int, default=5, help="epochs that count, where all is held")
    arguments.add_argument("--millions", type=float, nargs="*", default=[1, 10], help="sizes of the data sets of small files")
    arguments.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    arguments.add_argument("--folder", help="on ext4; default: one for temporary files")
    options = arguments.parse_args()
    options.began, options.programs = time.monotonic(), os.path.abspath(options.programs)
    load = os.getloadavg()
    with contextlib.ExitStack() as ends:
        folder = tempfile.mkdtemp(prefix="convoy-bench-", dir=options.folder)
        os.chmod(folder, 0o711)  # Tasks of the server would run under uids of their own.
        run = Run(options, folder, ends)
        run.begin()
        for part in options.only:
            PARTS[part](run)
        run.say("done")
        print(results.page(run, load, time.monotonic() - options.began))
    # What a run that failed has left tells why.
    shutil.rmtree(folder)


PARTS = {"warm": Run.warm, "shares": Run.shares, "rivals": Run.rival_mounts, "millions": Run.millions, "copies": Run.replication}

if __name__ == "__main__":
    main()
