"""Tells the platform that this task goes on, though it may print nothing."""

import os
import time

# A loop that reports at every step should not touch the disk at every step.
_PERIOD_SECONDS = 0.25

_last = float("-inf")


def beat() -> None:
    """Touch the file that the platform watches where the job file has a ``hangTimeout``; outside the platform, nothing."""
    global _last
    path = os.environ.get("CONVOY_HEARTBEAT")
    now = time.monotonic()
    if not path or now - _last < _PERIOD_SECONDS:
        return
    _last = now
    try:
        with open(path, "ab"):
            os.utime(path)
    except OSError:
        # A full disk must not end a training that could go on without it.
        pass
