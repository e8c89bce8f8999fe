"""A node agent of the tests: a data set in a folder, and a socket that answers as the agent does, or not."""

import array
import json
import os
import socket
import struct
import threading
import time

SEGMENT = 4 << 20
PACK = 16 * SEGMENT
_HELD = (1 << 32) - 1


class Version:
    """Files laid out as a publication lays them out, but for the hashes, which no reader here looks at."""

    def __init__(self, folder, files):
        self.files = {path.encode(): content for path, content in files.items()}
        self.folder = folder
        self._lay_out()
        self.manifest = os.path.join(folder, "manifest")
        with open(self.manifest, "wb") as file:
            file.write(self._manifest())
        self.table = os.path.join(folder, "held")
        with open(self.table, "wb") as file:
            file.write(bytes(8 * self.segments))
        for number, content in enumerate(self.packs):
            with open(self.pack(number), "wb") as file:
                file.write(content)

    def pack(self, number):
        return os.path.join(self.folder, f"pack{number}")

    def hold(self, share=1.0):
        """So much of each segment from now on. What is taken away becomes zeros after the table has said so, as a hole does."""
        with open(self.table, "r+b") as table:
            for pack, content in enumerate(self.packs):
                with open(self.pack(pack), "r+b") as file:
                    for segment in range(0, len(content), SEGMENT):
                        place = 8 * (self.first_segments[pack] + segment // SEGMENT)
                        table.seek(place)
                        word = struct.unpack("<Q", table.read(8))[0]
                        whole = content[segment : segment + SEGMENT]
                        held = int(len(whole) * share)
                        if held > word & _HELD:
                            file.seek(segment)
                            file.write(whole[:held])
                            file.flush()
                        times = (word >> 32) + (held < word & _HELD)
                        table.seek(place)
                        table.write(struct.pack("<Q", times << 32 | held))
                        table.flush()
                        if held < word & _HELD:
                            file.seek(segment + held)
                            file.write(bytes(len(whole) - held))
                            file.flush()

    def _lay_out(self):
        """Directories breadth-first, files in the order of their directories."""
        self.folders = [(b"", 0)]
        children = {b"": set()}
        for path in self.files:
            parts = path.split(b"/")[:-1]
            for depth in range(len(parts)):
                above, here = b"/".join(parts[:depth]), b"/".join(parts[: depth + 1])
                children.setdefault(here, set())
                children[above].add(here)
        self.ranges = []
        for number, (folder, _) in enumerate(self.folders):
            inner = sorted(children[folder])
            self.ranges.append((len(self.folders), len(inner)))
            self.folders.extend((path, number) for path in inner)
        self.order, self.file_ranges = [], []
        for folder, _ in self.folders:
            mine = sorted(path for path in self.files if path.rpartition(b"/")[0] == folder)
            self.file_ranges.append((len(self.order), len(mine)))
            self.order.extend(mine)
        self.packs, self.pieces, self.first_pieces = [bytearray()], [], []
        for path in self.order:
            self.first_pieces.append(len(self.pieces))
            content, begins = self.files[path], True
            while content:
                pack = self.packs[-1]
                offset = (len(pack) + 63) // 64 * 64
                room = SEGMENT - offset % SEGMENT
                if begins and room < len(content) <= 1 << 20:
                    offset, room = offset + room, SEGMENT
                if offset >= PACK:
                    self.packs.append(bytearray())
                    continue
                pack.extend(bytes(offset - len(pack)))
                pack.extend(content[:room])
                self.pieces.append((len(self.packs) - 1, offset, min(room, len(content))))
                content, begins = content[room:], False
        self.first_pieces.append(len(self.pieces))
        self.first_segments = []
        self.segments = 0
        for pack in self.packs:
            self.first_segments.append(self.segments)
            self.segments += (len(pack) + SEGMENT - 1) // SEGMENT

    def _manifest(self):
        sections = [
            b"".join(bytes(32) + struct.pack("<ii", len(pack), first) for pack, first in zip(self.packs, self.first_segments)),
            bytes(32 * self.segments),
            b"".join(struct.pack("<QII", pack << 26 | offset, length, 0) for pack, offset, length in self.pieces),
            array.array("i", self.first_pieces).tobytes(),
            bytes(32 * len(self.order)),
            b"".join(struct.pack("<5i", parent, *self.ranges[number], *self.file_ranges[number]) for number, (_, parent) in enumerate(self.folders)),
            *_names([path.rpartition(b"/")[2] for path, _ in self.folders]),
            *_names([path.rpartition(b"/")[2] for path in self.order]),
        ]
        size = sum(len(content) for content in self.files.values())
        head = struct.pack("<8s5i4xq", b"convoy\x01\x0a", len(self.order), len(self.folders), len(self.packs), self.segments, len(self.pieces), size)
        at, body = len(head) + 16 * len(sections), b""
        for section in sections:
            head += struct.pack("<qq", at, len(section))
            padded = section + bytes(-len(section) % 8)
            body += padded
            at += len(padded)
        return head + body


def _names(names):
    starts, written, before = [], b"", b""
    for number, name in enumerate(names):
        shared = 0
        if number % 16 == 0:
            starts.append(len(written))
        else:
            shared = len(os.path.commonprefix([before, name]))
        written += bytes([shared, len(name) - shared]) + name[shared:]
        before = name
    return array.array("i", starts).tobytes(), written


class AgentDouble:
    """Serves one version. ``faults`` holds what to do with the next requests of a kind: "hang up", "half", or an error's code."""

    def __init__(self, path, version):
        self.path, self.version = path, version
        self.requests, self.faults = [], {}
        self._connections = []
        self._lock = threading.Lock()
        self.start()

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def kill(self):
        """As the kernel does it: all that was open ends."""
        with self._lock:
            ended = [self._listener, *self._connections]
            self._connections = []
        for one in ended:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def asked(self, kind):
        with self._lock:
            return [request[kind] for request in self.requests if kind in request]

    def open_connections(self):
        with self._lock:
            return len(self._connections)

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection.makefile("rb") as lines:
                for line in lines:
                    if not self._answer(connection, json.loads(line)):
                        break
        except (OSError, ValueError):
            pass
        with self._lock:
            if connection in self._connections:
                self._connections.remove(connection)
        connection.close()

    def _answer(self, connection, request):
        (kind,) = request
        with self._lock:
            self.requests.append(request)
            faults = self.faults.get(kind, [])
            fault = faults.pop(0) if faults else None
        if fault == "hang up":
            return False
        if isinstance(fault, float):
            time.sleep(fault)
        elif fault not in (None, "half"):
            return self._say(connection, {"error": {"code": fault, "message": "as it was told"}})
        return getattr(self, "_" + kind)(connection, request[kind], fault)

    def _open(self, connection, asked, _):
        size = sum(len(content) for content in self.version.files.values())
        return self._say(connection, {"opened": {"dataset": asked["dataset"], "version": "v3", "files": len(self.version.order), "bytes": size}})

    def _map(self, connection, asked, _):
        paths = [self.version.pack(number) for number in asked["packs"]] or [self.version.manifest, self.version.table]
        files = [open(path, "rb") for path in paths]
        socket.send_fds(connection, [json.dumps({"mapped": len(files)}).encode() + b"\n"], [file.fileno() for file in files])
        for file in files:
            file.close()
        return True

    def _read(self, connection, asked, fault):
        content = self.version.files[self.version.order[asked["file"]]]
        part = content[asked["offset"] : asked["offset"] + asked["length"]]
        self._say(connection, {"length": len(part), "size": len(content)})
        connection.sendall(part[: len(part) // 2] if fault == "half" else part)
        return fault != "half"

    @staticmethod
    def _say(connection, answer):
        connection.sendall(json.dumps(answer).encode() + b"\n")
        return True
