"""Files that are mapped into memory without a descriptor of each staying open, as ``mmap`` would have it: a data set has thousands of packs."""

import ctypes
import os
import weakref

_READ, _SHARED = 1, 1
_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def mapped(descriptor: int) -> memoryview:
    """All of the file, read-only. It goes with the last view of it."""
    length = os.fstat(descriptor).st_size
    if length == 0:
        return memoryview(b"")
    start = _libc.mmap(None, length, _READ, _SHARED, descriptor, 0)
    if start == _FAILED:
        raise OSError(ctypes.get_errno(), "cannot map a file of the data set into memory")
    content = (ctypes.c_ubyte * length).from_address(start)
    weakref.finalize(content, _libc.munmap, start, length).atexit = False
    return memoryview(content).cast("B").toreadonly()
