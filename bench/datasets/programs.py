"""Processes, and what they cost."""

import contextlib
import os
import socket
import subprocess
import time

_TICKS = os.sysconf("SC_CLK_TCK")


def start(words, output, environment=None):
    with open(output, "ab") as file:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment)


def end(process, patience=10):
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(words, environment=None, **more):
    done = subprocess.run(words, env=environment, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout} {done.stderr}")
    return done.stdout


def free_port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return probe.getsockname()[1]


def until(holds, what, seconds=600):
    last = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > last:
            raise TimeoutError(f"{what} did not come true within {seconds} s")
        time.sleep(0.005)


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory(pid):
    """Bytes that are its own, and all that it has mapped and touched: the packs and the manifest lie in the page cache."""
    with open(f"/proc/{pid}/status") as file:
        told = dict(line.split(":", 1) for line in file if ":" in line)
    return int(told["RssAnon"].split()[0]) << 10, int(told["VmRSS"].split()[0]) << 10
