"""What the platform tells a task through its environment."""

import os
from pathlib import Path
from typing import NamedTuple, Optional


class Surroundings(NamedTuple):
    """Where and as whom this process reports."""

    server: str
    job: str
    token: str
    attempt: int
    rank: int


def read() -> Optional[Surroundings]:
    """Nothing where this process is no task of the platform."""
    server = os.environ.get("CONVOY_SERVER", "")
    job = os.environ.get("CONVOY_JOB_ID", "")
    token = os.environ.get("CONVOY_TOKEN", "")
    attempt = _number("CONVOY_ATTEMPT")
    if not (server and job and token) or attempt is None:
        return None
    # torchrun counts its children itself: the task's own rank is then that of the whole node.
    rank = _number("RANK")
    if rank is None:
        rank = _number("CONVOY_RANK")
    return Surroundings(server.rstrip("/"), job, token, attempt, rank or 0)


def attempt() -> int:
    """The number of this attempt, from 1; 0 outside the platform."""
    return _number("CONVOY_ATTEMPT") or 0


def checkpoint_directory() -> Path:
    return Path(os.environ.get("CONVOY_CHECKPOINT_DIR") or "checkpoints").absolute()


def output_directory() -> Path:
    return Path(os.environ.get("CONVOY_OUTPUT_DIR") or "outputs").absolute()


def _number(name: str) -> Optional[int]:
    text = os.environ.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
