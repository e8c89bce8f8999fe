"""Convoy's server, command line and node agent as they are published, on loopback and in folders of this run."""

import os
import sys
import time
import urllib.request

from gateway import ACCESS, SECRET
from programs import end, free_port, run, start, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))
from convoy._agent import Line  # noqa: E402

BUCKET = "convoy"


class Platform:
    """A server that keeps data sets in the store, and a second one for copies in a folder."""

    def __init__(self, programs, folder, store_port):
        self.programs, self.folder = programs, folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self.copies = os.path.join(folder, "copies")
        state = os.path.join(folder, "state")
        os.makedirs(self.copies)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CONVOY_")}
        self.process = start(
            [
                f"{programs}/convoy-server", "--state", state, "--listen", self.url.removeprefix("http://"), "--gpus", "0",
                "--datasets", f"s3://{BUCKET}/data?endpoint=http://127.0.0.1:{store_port}&region=us-east-1", "--stores", f"copies=file://{self.copies}",
            ],
            os.path.join(folder, "server.out"),
            {**clean, "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET},
        )
        until(self._is_ready, "the server is ready", 120)
        with open(os.path.join(state, "server", "admin.token")) as file:
            self.token = file.read().strip()
        self.environment = {**clean, "CONVOY_SERVER": self.url, "CONVOY_TOKEN": self.token, "HOME": folder}

    def close(self):
        end(self.process)

    def type(self, *words, **more):
        return run([f"{self.programs}/convoy", *words], self.environment, **more)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended; see {self.folder}/server.out")
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                return True
        except OSError:
            return False


class Agent:
    """A node agent on a cache of its own."""

    def __init__(self, platform, folder, capacity="500Gi"):
        self.platform, self.folder, self.capacity = platform, folder, capacity
        self.socket = os.path.join(folder, "socket")
        os.makedirs(os.path.join(folder, "mounts"))
        self.lines = []
        self.launch()

    def launch(self):
        self.process = start(
            [
                f"{self.platform.programs}/convoy-node", "--serve", self.socket, "--server", self.platform.url, "--cache", f"{self.folder}/cache",
                "--mounts", f"{self.folder}/mounts", "--capacity", self.capacity,
            ],
            os.path.join(self.folder, "agent.out"),
        )
        until(lambda: self.process.poll() is not None or os.path.exists(self.socket), "the agent listens", 60)
        if self.process.poll() is not None:
            raise RuntimeError(f"the agent ended; see {self.folder}/agent.out")

    def kill(self):
        self._hang_up()
        self.process.kill()
        self.process.wait()
        os.unlink(self.socket)

    def close(self):
        self._hang_up()
        end(self.process, 60)

    def open(self, dataset, version, share=100):
        """It is open until the agent ends. The answer is where its files are."""
        line = self._line()
        self.lines.append(line)
        request = {"token": self.platform.token, "dataset": dataset, "version": version, "mount": True, "share": share * 10_000}
        return line.ask({"open": request})["opened"]["path"]

    def status(self, dataset):
        line = self._line()
        try:
            return next(each for each in line.ask({"status": True})["versions"] if each["dataset"] == dataset)
        finally:
            line.close()

    def fill(self, dataset):
        """Waits until all that is wanted is held. The answer is the seconds that took."""
        began = time.monotonic()

        def is_full():
            told = self.status(dataset)
            if told.get("problem"):
                raise RuntimeError(told["problem"])
            return told["heldBytes"] >= told["wantedBytes"]

        until(is_full, "the cache is full")
        return time.monotonic() - began

    def environment(self, share):
        return {"CONVOY_NODE_SOCKET": self.socket, "CONVOY_TOKEN": self.platform.token, "CONVOY_DATASETS": "bench=v1", "CONVOY_DATASETS_SHARE": f"bench={share}"}

    def _line(self):
        os.environ["CONVOY_NODE_SOCKET"] = self.socket
        return Line()

    def _hang_up(self):
        while self.lines:
            self.lines.pop().close()
