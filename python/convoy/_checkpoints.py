"""Checkpoints that are there whole or not at all."""

import os
import re
import time
import uuid
from pathlib import Path
from typing import Callable, List, Optional, Tuple, Union

from . import _heartbeat, _surroundings

Content = Union[bytes, bytearray, memoryview, Callable[[str], object]]

_COMPLETE = re.compile(r"step-(\d{12,})\.ckpt")
_UNFINISHED = re.compile(r"unfinished-(\d+)-[0-9a-f]{32}\.tmp")

# Outside the platform nothing says which unfinished file belongs to a process that still runs.
_ABANDONED_AFTER_SECONDS = 24 * 3600


def save_checkpoint(content: Content, step: int, *, keep: int = 3) -> Path:
    """Save a checkpoint and return its path.

    ``content`` is the bytes themselves, or a function that is given a path and writes a file there::

        convoy.save_checkpoint(lambda path: torch.save(model.state_dict(), path), step)

    The file appears under its name only once it lies whole on the disk: a process killed at any instant leaves the
    former checkpoints as they were. Of the checkpoints in the folder, the ``keep`` with the highest steps are kept.
    Where several ranks hold the same model, rank 0 alone should save it.
    """
    if step < 0:
        raise ValueError(f"step is not negative, but {step}")
    if keep < 1:
        raise ValueError(f"keep is at least 1, but {keep}")
    _heartbeat.beat()
    folder = _surroundings.checkpoint_directory()
    folder.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder)

    # No leading dot: torch.save refuses such a name.
    unfinished = folder / f"unfinished-{_surroundings.attempt()}-{uuid.uuid4().hex}.tmp"
    complete = folder / f"step-{step:012d}.ckpt"
    try:
        if callable(content):
            content(str(unfinished))
            if not unfinished.is_file():
                raise ValueError("the function given to save_checkpoint must write a file at the very path that it is given")
        else:
            unfinished.write_bytes(content)
        _sync(unfinished)
        os.replace(unfinished, complete)
    except BaseException:
        _remove(unfinished)
        raise
    _sync(folder)
    _heartbeat.beat()

    for _, path in _complete(folder)[keep:]:
        if path != complete:
            _remove(path)
    return complete


def latest_checkpoint() -> Optional[Path]:
    """The complete checkpoint with the highest step, or None."""
    found = _complete(_surroundings.checkpoint_directory())
    return found[0][1] if found else None


def _complete(folder: Path) -> List[Tuple[int, Path]]:
    """Newest first."""
    found = []
    for name in _names(folder):
        match = _COMPLETE.fullmatch(name)
        if match and (folder / name).is_file():
            found.append((int(match.group(1)), folder / name))
    return sorted(found, reverse=True)


def _remove_abandoned(folder: Path) -> None:
    """An earlier attempt has ended before this one began; what it left unfinished is nobody's."""
    attempt = _surroundings.attempt()
    for name in _names(folder):
        match = _UNFINISHED.fullmatch(name)
        if not match:
            continue
        path = folder / name
        theirs = int(match.group(1))
        if attempt > 0 and theirs > 0:
            abandoned = theirs < attempt
        else:
            abandoned = _age(path) > _ABANDONED_AFTER_SECONDS
        if abandoned:
            _remove(path)


def _names(folder: Path) -> List[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        pass
