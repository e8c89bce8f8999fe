"""The manifest of a data set's version, read where it lies: nothing is built of it, however many files it has."""

import bisect
import struct
from typing import Iterator, Optional, Tuple

_MAGIC = b"convoy\x01\x0a"
_HEAD = struct.Struct("<8s5i4xq")
_SECTION = struct.Struct("<qq")
_PACK_BYTES, _HASH_BYTES = 40, 32
_PIECE = struct.Struct("<QII")
_OFFSET_BITS = 26
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1
_DIRECTORY_FIELDS = 5
_NAMES_OF_BLOCK = 16


class _Names:
    """Names in blocks of 16; each but the first of a block says how much of the one before it repeats."""

    def __init__(self, blocks: memoryview, names: memoryview) -> None:
        self._starts, self._names = blocks.cast("i"), names

    def read(self, first: int, end: int) -> Iterator[bytes]:
        """Those of a range of numbers."""
        if first >= end:
            return
        number = first // _NAMES_OF_BLOCK * _NAMES_OF_BLOCK
        at, name = self._starts[number // _NAMES_OF_BLOCK], b""
        while number < end:
            shared, rest = self._names[at], self._names[at + 1]
            name = name[:shared] + bytes(self._names[at + 2 : at + 2 + rest])
            at += 2 + rest
            if number >= first:
                yield name
            number += 1

    def find(self, name: bytes, first: int, count: int) -> Optional[int]:
        """Among a range of names that stand in order."""
        if count == 0:
            return None
        low, high = first // _NAMES_OF_BLOCK, (first + count - 1) // _NAMES_OF_BLOCK
        while low < high:
            middle = low + (high - low + 1) // 2
            at = self._starts[middle]
            if bytes(self._names[at + 2 : at + 2 + self._names[at + 1]]) <= name:
                low = middle
            else:
                high = middle - 1
        start = max(first, low * _NAMES_OF_BLOCK)
        for number, other in enumerate(self.read(start, min(first + count, (low + 1) * _NAMES_OF_BLOCK)), start):
            if other == name:
                return number
        return None


class Manifest:
    """Files are known by their numbers, in the order of their directories."""

    def __init__(self, content: memoryview) -> None:
        magic, self.files, directories, self.packs, self.segments, chunks, self.size = _HEAD.unpack_from(content)
        if magic != _MAGIC:
            raise OSError(5, "the node agent gives a manifest that this version does not read")
        sections = []
        for number in range(10):
            offset, length = _SECTION.unpack_from(content, 40 + number * _SECTION.size)
            sections.append(content[offset : offset + length])
        self._content = content
        self._packs = sections[0].cast("i")
        self._pieces = sections[2]
        self._first_pieces = sections[3].cast("i")
        self._directories = sections[5].cast("i")
        self._directory_names = _Names(sections[6], sections[7])
        self._file_names = _Names(sections[8], sections[9])
        self._count = directories

    def first_segment(self, pack: int) -> int:
        """Of all segments, counted through the packs, the first of this one."""
        return self._packs[pack * (_PACK_BYTES // 4) + _HASH_BYTES // 4 + 1]

    def pieces(self, file: int) -> range:
        return range(self._first_pieces[file], self._first_pieces[file + 1])

    def piece(self, number: int) -> Tuple[int, int, int]:
        """The number of its pack, its offset within that, and its length."""
        place, length, _ = _PIECE.unpack_from(self._pieces, number * _PIECE.size)
        return place >> _OFFSET_BITS, place & _OFFSET_MASK, length

    def size_of(self, file: int) -> int:
        return sum(self.piece(number)[2] for number in self.pieces(file))

    def path(self, file: int) -> str:
        directory = bisect.bisect_right(_FirstFiles(self), file) - 1
        return self._below(directory) + next(self._file_names.read(file, file + 1)).decode()

    def paths(self) -> Iterator[str]:
        """Of all files, by their numbers, without having more than one at a time."""
        for directory in range(self._count):
            _, _, _, first, files = self._directory(directory)
            if files:
                below = self._below(directory)
                for name in self._file_names.read(first, first + files):
                    yield below + name.decode()

    def find(self, path: str) -> Optional[int]:
        """The number of the file of that path."""
        try:
            *folders, name = path.encode().split(b"/")
        except UnicodeEncodeError:
            return None
        directory = 0
        for folder in folders:
            _, first, count, _, _ = self._directory(directory)
            inner = self._directory_names.find(folder, first, count)
            if inner is None:
                return None
            directory = inner
        _, _, _, first, count = self._directory(directory)
        return self._file_names.find(name, first, count)

    def _directory(self, number: int) -> Tuple[int, int, int, int, int]:
        """Parent, first directory, number of directories, first file, number of files."""
        at = number * _DIRECTORY_FIELDS
        parent, first, count, first_file, files = self._directories[at : at + _DIRECTORY_FIELDS]
        return parent, first, count, first_file, files

    def _below(self, directory: int) -> str:
        parts = []
        while directory != 0:
            parts.append(next(self._directory_names.read(directory, directory + 1)).decode())
            directory = self._directory(directory)[0]
        return "".join(part + "/" for part in reversed(parts))


class _FirstFiles:
    """The first file of each directory, for who halves them. Where some have no files, the last of the equal ones has the file."""

    def __init__(self, manifest: Manifest) -> None:
        self._directories, self._count = manifest._directories, manifest._count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, directory: int) -> int:
        return self._directories[directory * _DIRECTORY_FIELDS + 3]
