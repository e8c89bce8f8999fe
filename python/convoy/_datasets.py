"""Data sets of the job, read where the node agent holds them: no folder has to be mounted for it."""

import contextlib
import errno
import io
import operator
import os
import threading
import time
import weakref
from bisect import bisect_right
from itertools import accumulate
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, TypeVar, Union

from ._agent import MOST, PATIENCE, Line, Refusal, Shelf

_TRIES = 3
"""An agent that was killed is asked again when it has been started anew."""

_FILE_BUFFER = 1 << 20

Result = TypeVar("Result")


class Dataset:
    """The files of one version of a data set, in the order of their numbers.

    ``ds[i]`` and ``ds[name]`` give a file's bytes, or what ``transform`` makes of them; ``len(ds)``, iteration and ``ds.names`` go through all.
    Works as a map-style ``Dataset`` of PyTorch, with workers and samplers: it can be pickled and forked, and each process and thread that
    reads has a connection of its own. What the node holds is copied from memory; only the rest is asked of the agent.
    """

    def __init__(self, name: str, version: str, transform: Optional[Callable[[bytes], Any]] = None) -> None:
        self.name, self.version, self.transform = name, version, transform
        self._count, self._bytes = 0, 0
        self._begin()
        self._line()

    def _begin(self) -> None:
        """As it is in a process that has not read yet."""
        self._here = threading.local()
        self._lock = threading.RLock()
        self._lines: "weakref.WeakSet[Line]" = weakref.WeakSet()
        self._shelf: Optional[Shelf] = None
        _all.add(self)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, which: Union[int, str]) -> Any:
        content = self.read(which)
        return content if self.transform is None else self.transform(content)

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._manifest_find(name) is not None

    def __enter__(self) -> "Dataset":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<data set {self.name}@{self.version}: {self._count} files, {self._bytes} bytes>"

    def __getstate__(self) -> Dict[str, Any]:
        return {key: self.__dict__[key] for key in ("name", "version", "transform", "_count", "_bytes")}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        # Nothing is asked until something is read: where it was sent there may be no agent.
        self.__dict__.update(state)
        self._begin()

    @property
    def names(self) -> Sequence[str]:
        """The paths of all files by their numbers, read as they are asked for."""
        return _Names(self)

    def path(self, number: int) -> str:
        """The name of a file: its path within the data set."""
        number = self._number(number)
        return self._again(lambda: self._shared().manifest.path(number))

    def read(self, which: Union[int, str]) -> bytes:
        """A file's bytes, whatever ``transform`` is. ``FileNotFoundError`` where there is none of that name."""
        number = self._number(which)
        return self._again(lambda: self._content(number))

    @contextlib.contextmanager
    def view(self, which: Union[int, str]) -> Iterator[memoryview]:
        """A file's bytes without a copy, where the node holds the file in one piece; to be looked at inside a ``with`` only.

        What is held may be taken away (the agent was started anew and has less room): then the bytes become zeros, and the end of the ``with``
        raises ``OSError`` (``ESTALE``): what was made of them is to be thrown away.
        """
        number = self._number(which)
        place = self._again(lambda: self._place(number))
        if place is None:
            yield memoryview(self.read(number))
            return
        try:
            yield place.content
        finally:
            if not place.is_right():
                raise OSError(errno.ESTALE, f"{self.path(number)} of {self} was taken from the node while it was looked at")

    def open(self, which: Union[int, str]) -> io.BufferedReader:
        """A file to ``read`` and ``seek`` in, of which only what is asked for is read."""
        return io.BufferedReader(_File(self, self._number(which)), _FILE_BUFFER)

    def close(self) -> None:
        """Lets go of it. Who reads again opens it again."""
        with self._lock:
            for line in list(self._lines):
                line.close()
            self._begin()

    def _number(self, which: Union[int, str]) -> int:
        if isinstance(which, str):
            found = self._manifest_find(which)
            if found is None:
                raise FileNotFoundError(errno.ENOENT, f"{self} has no such file", which)
            return found
        given = operator.index(which)
        number = given + self._count if given < 0 else given
        if not 0 <= number < self._count:
            raise IndexError(f"{self} has no file {which}")
        return number

    def _manifest_find(self, name: str) -> Optional[int]:
        return self._again(lambda: self._shared().manifest.find(name))

    def _place(self, number: int) -> Any:
        """Where all of a file lies held."""
        shelf = self._shared()
        pieces = shelf.manifest.pieces(number)
        return shelf.find(*shelf.manifest.piece(pieces.start), self._ask) if len(pieces) == 1 else None

    def _content(self, number: int) -> bytes:
        shelf = self._shared()
        parts: List[bytes] = []
        start = 0
        for piece in shelf.manifest.pieces(number):
            pack, offset, length = shelf.manifest.piece(piece)
            parts.append(shelf.copy(pack, offset, length, self._ask) or self._bring(number, start, length))
            start += length
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _bring(self, number: int, start: int, length: int) -> bytes:
        """Bytes of a file that are not held, or not known to be right yet. The agent has them brought, or compared."""
        parts: List[bytes] = []
        end = start + length
        while start < end:
            content = self._ask({"read": {"dataset": self.name, "file": number, "offset": start, "length": min(MOST, end - start)}})["content"]
            if not content:
                raise OSError(errno.EIO, f"{self}: the node agent gave fewer bytes than the file has")
            parts.append(content)
            start += len(content)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _again(self, read: Callable[[], Result]) -> Result:
        """What an agent that is killed meanwhile leaves half done is done anew."""
        for left in reversed(range(_TRIES)):
            try:
                return read()
            except (ConnectionError, EOFError) as e:
                if left == 0:
                    raise OSError(errno.EIO, f"{self}: {e}") from e
            except Refusal as refusal:
                raise OSError(errno.EIO, f"{refusal.code}: {refusal.message}") from None
        raise AssertionError

    def _shared(self) -> Shelf:
        """Of all threads of this process."""
        shelf = self._shelf
        if shelf is None:
            with self._lock:
                self._line()
                shelf = self._shelf = self._shelf or Shelf(self.name, self._ask)
        return shelf

    def _ask(self, request: Dict[str, Any]) -> Dict[str, Any]:
        line = self._line()
        try:
            return line.ask(request)
        except Refusal:
            raise
        except BaseException:
            # Whatever interrupted it, the rest of the answer is still on its way: the next must not take it for its own.
            self._hang_up(line)
            raise

    def _line(self) -> Line:
        line: Optional[Line] = getattr(self._here, "line", None)
        return line if line is not None else self._open()

    def _open(self) -> Line:
        last = time.monotonic() + PATIENCE
        while True:
            line = Line()
            try:
                opened = line.ask({"open": {"token": os.environ.get("CONVOY_TOKEN", ""), "dataset": self.name, "version": self.version, "mount": False, "share": _share(self.name)}})["opened"]
                break
            except Refusal as refusal:
                line.close()
                if refusal.code != "ServerUnreachable" or not self._count or time.monotonic() >= last:
                    raise OSError(errno.EIO, f"{refusal.code}: {refusal.message}") from None
                time.sleep(0.5)
            except BaseException:
                line.close()
                raise
        with self._lock:
            self.version, self._count, self._bytes = opened["version"], opened["files"], opened["bytes"]
            self._here.line = line
            self._lines.add(line)
            # It may be another agent's: packs that this one hands out do not belong to what that one said of them.
            self._shelf = None
        return line

    def _hang_up(self, line: Line) -> None:
        line.close()
        self._here.line = None
        self._shelf = None

    def _after_fork(self) -> None:
        # The lines are the parent's, perhaps in the middle of an answer, and what was opened by them is open until it ends.
        for line in list(self._lines):
            line.close()
        self._begin()


_all: "weakref.WeakSet[Dataset]" = weakref.WeakSet()


def _after_fork() -> None:
    for one in list(_all):
        one._after_fork()


os.register_at_fork(after_in_child=_after_fork)


class _Names(Sequence[str]):
    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, slice):
            return [self._dataset.path(number) for number in range(*which.indices(len(self)))]
        return self._dataset.path(which)

    def __iter__(self) -> Iterator[str]:
        return self._dataset._again(self._dataset._shared).manifest.paths()

    def __contains__(self, name: object) -> bool:
        return name in self._dataset


class _File(io.RawIOBase):
    """Reads where a position is, piece by piece."""

    def __init__(self, dataset: Dataset, number: int) -> None:
        self.name = dataset.path(number)
        manifest = dataset._again(dataset._shared).manifest
        self._dataset, self._number, self._at = dataset, number, 0
        self._pieces: List[Tuple[int, int, int]] = [manifest.piece(piece) for piece in manifest.pieces(number)]
        self._ends = list(accumulate(length for _, _, length in self._pieces))
        self._size = self._ends[-1] if self._ends else 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        to = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if to < 0:
            raise OSError(errno.EINVAL, "a position before the file's start")
        self._at = to
        return to

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        piece = bisect_right(self._ends, self._at)
        if piece == len(self._pieces) or len(into) == 0:
            return 0
        pack, offset, length = self._pieces[piece]
        within = self._at - (self._ends[piece] - length)
        count = min(length - within, len(into))
        dataset = self._dataset
        into[:count] = dataset._again(lambda: dataset._shared().copy(pack, offset + within, count, dataset._ask) or dataset._bring(self._number, self._at, count))
        self._at += count
        return count


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
