"""The node agent as a process reads through it: a line to ask by, and what it hands out to be mapped."""

import json
import os
import socket
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from ._manifest import Manifest
from ._mapping import mapped

MOST = 8 << 20
"""Bytes that the agent gives at once."""

PATIENCE = 30.0
"""Seconds."""

_SEGMENT = 4 << 20
_HELD = (1 << 32) - 1
_PACKS_AT_ONCE = 32
_RECEIVED = 64 << 10

Ask = Callable[[Dict[str, Any]], Dict[str, Any]]
"""A request, and its answer."""


class Refusal(Exception):
    """The agent's answer, read to its end."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Line:
    """A connection to the agent, of one process and one thread. What was opened by it is open until it ends."""

    def __init__(self) -> None:
        path = os.environ.get("CONVOY_NODE_SOCKET")
        if not path:
            raise RuntimeError("there is no node agent here: name the data set in the job file, as in datasets: [{name: kitti}]")
        self._socket = _connect(path)

    def close(self) -> None:
        self._socket.close()

    def __del__(self) -> None:
        # Whoever forgets it lets go of what was opened by it.
        if hasattr(self, "_socket"):
            self._socket.close()

    def ask(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Descriptors that come with the answer are the caller's to close."""
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        descriptors: List[int] = []
        try:
            line, rest = self._answer(descriptors)
            answer: Dict[str, Any] = json.loads(line)
            if "error" in answer:
                raise Refusal(answer["error"]["code"], answer["error"]["message"])
            if "length" in answer:
                answer["content"] = self._content(answer["length"], rest)
            answer["descriptors"] = descriptors
            return answer
        except BaseException:
            for descriptor in descriptors:
                os.close(descriptor)
            raise

    def _answer(self, descriptors: List[int]) -> Tuple[bytes, bytes]:
        """A line, and what of its content came with it. The agent says nothing that it was not asked, so nothing is left of an earlier one."""
        received = b""
        while b"\n" not in received:
            more, passed, _, _ = socket.recv_fds(self._socket, _RECEIVED, _PACKS_AT_ONCE)
            descriptors.extend(passed)
            if not more:
                raise EOFError("the node agent has hung up")
            received += more
        line, _, rest = received.partition(b"\n")
        return line, rest

    def _content(self, length: int, begun: bytes) -> bytes:
        if len(begun) == length:
            return begun
        content = bytearray(length)
        content[: len(begun)] = begun
        left = memoryview(content)[len(begun) :]
        while left:
            received = self._socket.recv_into(left)
            if received == 0:
                raise EOFError("the node agent has hung up")
            left = left[received:]
        return bytes(content)


def _connect(path: str) -> socket.socket:
    """An agent that was killed is started again within a second or two."""
    last = time.monotonic() + PATIENCE
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


class Shelf:
    """What of a version lies on this node, mapped: its manifest, its packs as they are needed, and a word for each segment of them.

    A word's lower half is how many bytes of the segment, from its first, may be read. The upper half grows whenever that becomes less. Who
    reads looks before and after: where the word is the same, the bytes were there meanwhile, and no request was needed.
    """

    def __init__(self, dataset: str, ask: Ask) -> None:
        self._dataset = dataset
        manifest, words = self._map([], ask)
        self.manifest = Manifest(manifest)
        self._words = words.cast("Q")
        self._packs: Dict[int, memoryview] = {}

    def find(self, pack: int, offset: int, length: int, ask: Ask) -> "Optional[Place]":
        """None where not all of these bytes of a pack may be read here."""
        segment = self.manifest.first_segment(pack) + offset // _SEGMENT
        word = self._words[segment]
        if offset % _SEGMENT + length > word & _HELD:
            return None
        content = self._packs.get(pack)
        if content is None:
            content = self._map_pack(pack, ask)
        return Place(content[offset : offset + length], self._words, segment, word)

    def copy(self, pack: int, offset: int, length: int, ask: Ask) -> Optional[bytes]:
        """None as above, and where they were taken away meanwhile."""
        place = self.find(pack, offset, length, ask)
        if place is None:
            return None
        content = place.content.tobytes()
        return content if place.is_right() else None

    def _map_pack(self, pack: int, ask: Ask) -> memoryview:
        first = pack // _PACKS_AT_ONCE * _PACKS_AT_ONCE
        numbers = list(range(first, min(first + _PACKS_AT_ONCE, self.manifest.packs)))
        self._packs.update(zip(numbers, self._map(numbers, ask)))
        return self._packs[pack]

    def _map(self, packs: List[int], ask: Ask) -> List[memoryview]:
        descriptors = ask({"map": {"dataset": self._dataset, "packs": packs}})["descriptors"]
        try:
            return [mapped(descriptor) for descriptor in descriptors]
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


class Place:
    """Bytes of a pack where they lie."""

    __slots__ = ("content", "_words", "_segment", "_word")

    def __init__(self, content: memoryview, words: memoryview, segment: int, word: int) -> None:
        self.content, self._words, self._segment, self._word = content, words, segment, word

    def is_right(self) -> bool:
        """Whether the bytes have been those published up to now."""
        return self._words[self._segment] == self._word
