"""Data sets of the job, read through the node agent: no folder has to be mounted for it."""

import json
import os
import socket
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Union

_MOST = 8 << 20
"""Bytes that the agent gives at once."""

_PATIENCE = 30.0
"""Seconds."""


class Dataset:
    """The files of one version of a data set, in the order of their paths: ``len(ds)``, ``ds[i]``, iteration, ``ds.read(path)``.

    Works as a map-style ``Dataset`` of PyTorch, with workers and samplers: it can be pickled, and each process and thread that
    reads has a connection of its own. ``transform(content)`` makes of a file's bytes what ``ds[i]`` gives.
    """

    def __init__(self, name: str, version: str, transform: Optional[Callable[[bytes], Any]] = None) -> None:
        self.name, self.version, self.transform = name, version, transform
        self._here = threading.local()
        self._paths: Optional[List[str]] = None
        self._count, self._bytes = 0, 0
        self._connection()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        number = index + self._count if index < 0 else index
        if not 0 <= number < self._count:
            raise IndexError(f"{self} has no file {index}")
        content = self._read({"file": number})
        return content if self.transform is None else self.transform(content)

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and path in set(self.paths)

    def __repr__(self) -> str:
        return f"<data set {self.name}@{self.version}: {self._count} files, {self._bytes} bytes>"

    def __getstate__(self) -> Dict[str, Any]:
        return {"name": self.name, "version": self.version, "transform": self.transform}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__init__(state["name"], state["version"], state["transform"])  # type: ignore[misc]

    @property
    def paths(self) -> List[str]:
        """Of all files, by their numbers. Brought when they are first asked for."""
        if self._paths is None:
            paths: List[str] = []
            while len(paths) < self._count:
                files = self._ask({"list": {"dataset": self.name, "from": len(paths)}})["files"]
                paths.extend(file["path"] for file in files)
            self._paths = paths
        return self._paths

    def read(self, path: str) -> bytes:
        """The content of one file. ``FileNotFoundError`` where there is none of that path."""
        return self._read({"path": path})

    def _read(self, which: Dict[str, Union[int, str]]) -> bytes:
        parts: List[bytes] = []
        read = 0
        while True:
            answer = self._ask({"read": {"dataset": self.name, "offset": read, "length": _MOST, **which}})
            parts.append(answer["content"])
            read += len(parts[-1])
            if read >= answer["size"]:
                return parts[0] if len(parts) == 1 else b"".join(parts)

    def _ask(self, request: Dict[str, Any]) -> Dict[str, Any]:
        try:
            return self._ask_once(request)
        except (ConnectionError, EOFError):
            # The agent was started anew: it is asked once more.
            return self._ask_once(request)

    def _ask_once(self, request: Dict[str, Any]) -> Dict[str, Any]:
        try:
            return self._connection().ask(request)
        except _Refusal as refusal:
            raise (FileNotFoundError(refusal.message) if refusal.code == "NoSuchFile" else OSError(5, f"{refusal.code}: {refusal.message}")) from None
        except BaseException:
            # Whatever interrupted it, the rest of the answer is still on its way: the next must not take it for its own.
            self._here.connection = None
            raise

    def _connection(self) -> "_Connection":
        # A fork has its parent's, in the middle of what the parent says.
        connection = getattr(self._here, "connection", None)
        if connection is None or connection.process != os.getpid():
            connection = _Connection()
            try:
                opened = connection.ask({"open": {"token": os.environ.get("CONVOY_TOKEN", ""), "dataset": self.name, "version": self.version, "mount": False, "share": _share(self.name)}})["opened"]
            except _Refusal as refusal:
                raise OSError(5, f"{refusal.code}: {refusal.message}") from None
            self.version, self._count, self._bytes = opened["version"], opened["files"], opened["bytes"]
            self._here.connection = connection
        return connection


class _Refusal(Exception):
    """The agent's answer, read to its end."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _connect(path: str) -> socket.socket:
    """An agent that was killed is started again within a second or two."""
    last = time.monotonic() + _PATIENCE
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            if time.monotonic() >= last:
                raise
            time.sleep(0.2)


class _Connection:
    """One line to the node agent. What was opened by it is open until it ends."""

    def __init__(self) -> None:
        self.process = os.getpid()
        path = os.environ.get("CONVOY_NODE_SOCKET")
        if not path:
            raise RuntimeError("there is no node agent here: name the data set in the job file, as in datasets: [{name: kitti}]")
        self._socket = _connect(path)
        self._stream = self._socket.makefile("rb")

    def ask(self, request: Dict[str, Any]) -> Dict[str, Any]:
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        line = self._stream.readline()
        if not line.endswith(b"\n"):
            raise EOFError("the node agent has hung up")
        answer: Dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise _Refusal(answer["error"]["code"], answer["error"]["message"])
        if "length" in answer:
            answer["content"] = self._stream.read(answer["length"])
            if len(answer["content"]) != answer["length"]:
                raise EOFError("the node agent has hung up")
        return answer


def dataset(name: str, version: Optional[str] = None, transform: Optional[Callable[[bytes], Any]] = None) -> Dataset:
    """A data set that the job names, at the version that the job has. ``version`` asks for another of it."""
    named = _named("CONVOY_DATASETS")
    if version is None and name not in named:
        there = ", ".join(sorted(named)) or "none"
        raise KeyError(f"the job names no data set '{name}' (it names: {there}); name it in the job file, as in datasets: [{{name: {name}}}]")
    return Dataset(name, version or named[name], transform)


def _named(variable: str) -> Dict[str, str]:
    return dict(pair.split("=", 1) for pair in os.environ.get(variable, "").split() if "=" in pair)


def _share(dataset: str) -> int:
    """What the job keeps of it on this node, in millionths."""
    percent = _named("CONVOY_DATASETS_SHARE").get(dataset, "100")
    return int(percent) * 10_000 if percent.isdigit() and int(percent) <= 100 else 1_000_000
