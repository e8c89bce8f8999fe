"""Metrics and progress: taken at once, sent by a thread of their own."""

import atexit
import logging
import math
import os
import sys
import threading
import time
import uuid
from collections import deque
from datetime import datetime, timezone
from typing import Any, Deque, Dict, List, Optional, Set, Union

from . import _heartbeat, _surroundings
from ._http import Outcome, post

_LOGGER = logging.getLogger("convoy")

# What waits here is at most about 10 MB; the server takes at most 1000 points at once.
_MOST_WAITING = 20_000
_MOST_IN_BATCH = 500
_LINGER_SECONDS = 1.0
_FIRST_BACKOFF_SECONDS = 0.2
_LONGEST_BACKOFF_SECONDS = 30.0
_BACKOFF_WHILE_FLUSHING_SECONDS = 0.2
_REQUEST_SECONDS = 10.0
_FLUSH_AT_EXIT_SECONDS = 5.0


def log(step: int, **values: Any) -> None:
    """Report numbers of one step: ``convoy.log(step, loss=loss, accuracy=accuracy)``.

    A value is a number or whatever ``float`` takes, such as a tensor of one element. The call returns at once; while
    the server is away the newest 20 000 values are kept and sent later.
    """
    step = int(step)
    if step < 0:
        raise ValueError(f"step is not negative, but {step}")
    at = datetime.now(timezone.utc).isoformat()
    points = [{"step": step, "name": _name(name), "value": _value(value), "at": at} for name, value in values.items()]
    _heartbeat.beat()
    _REPORTER.add(points)


def progress(fraction: float) -> None:
    """Report how much of the work is done, from 0 to 1. Only the latest is sent, at most about one a second."""
    fraction = float(fraction)
    if math.isnan(fraction):
        raise ValueError("progress is a number from 0 to 1, not NaN")
    _heartbeat.beat()
    _REPORTER.set_progress(min(1.0, max(0.0, fraction)))


def flush(timeout: float = _FLUSH_AT_EXIT_SECONDS) -> bool:
    """Wait until all that was reported has arrived, at most ``timeout`` seconds; whether it has.

    Called at exit by itself. A program that ends by ``os._exit`` or a signal calls it first.
    """
    return _REPORTER.flush(timeout)


def _name(name: str) -> str:
    if not 1 <= len(name) <= 128 or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in name):
        raise ValueError(f"a metric's name has 1 to 128 characters and no control characters: {name!r}")
    return name


def _value(value: Any) -> Union[float, str]:
    number = float(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


class _Reporter:
    """A queue and the thread that empties it. Everything but the requests happens under ``_changed``."""

    def __init__(self) -> None:
        self._warned: Set[str] = set()
        self._reset()

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._points: Deque[Dict[str, Any]] = deque()
        self._batch: Optional[Dict[str, Any]] = None
        self._progress: Optional[float] = None
        self._sending = False
        self._flushing = 0
        self._full = False
        self._thread: Optional[threading.Thread] = None
        self._failures = 0

    def after_fork_in_child(self) -> None:
        """The parent's thread is not here and its lock may be held for ever; what waits is the parent's to send."""
        self._reset()

    def add(self, points: List[Dict[str, Any]]) -> None:
        surroundings = _surroundings.read()
        if surroundings is None or not points:
            return
        with self._changed:
            if self._full:
                return
            self._points.extend(points)
            dropped = len(self._points) > _MOST_WAITING
            while len(self._points) > _MOST_WAITING:
                self._points.popleft()
            self._start()
            self._changed.notify_all()
        if dropped:
            self._warn("dropped", f"the server is away and more than {_MOST_WAITING} values wait; the oldest are dropped")

    def set_progress(self, fraction: float) -> None:
        if _surroundings.read() is None:
            return
        with self._changed:
            self._progress = fraction
            self._start()
            self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        with self._changed:
            if self._thread is None:
                return True
            self._flushing += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self._has_work() and not self._sending, max(0.0, end - time.monotonic()))
            finally:
                self._flushing -= 1

    def _has_work(self) -> bool:
        return bool(self._points) or self._batch is not None or self._progress is not None

    def _start(self) -> None:
        if self._thread is not None:
            return
        _flush_at_exit_of_multiprocessing_child()
        thread = threading.Thread(target=self._run, name="convoy-reporter", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The interpreter is shutting down, or the process has all the threads that it may have.
            self._points.clear()
            self._progress = None
            return
        self._thread = thread

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._has_work)
                # One request a second carries what a fast loop says in between.
                self._changed.wait_for(lambda: self._flushing > 0, _LINGER_SECONDS)
                batch = self._next_batch()
                fraction = self._progress
                self._progress = None
                self._sending = True
            away = False
            try:
                away = self._send(batch, fraction)
            except Exception as error:  # The thread must outlive whatever an odd proxy or address brings.
                away = True
                self._warn("error", f"cannot report: {error}")
            with self._changed:
                self._sending = False
                if away and fraction is not None and self._progress is None:
                    self._progress = fraction
                self._changed.notify_all()
                self._failures = self._failures + 1 if away else 0
                if away:
                    self._back_off()

    def _back_off(self) -> None:
        seconds = min(_LONGEST_BACKOFF_SECONDS, _FIRST_BACKOFF_SECONDS * 2 ** min(self._failures - 1, 16))
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if self._flushing > 0:
                left = min(left, _BACKOFF_WHILE_FLUSHING_SECONDS)
                end = min(end, time.monotonic() + left)
            if left <= 0:
                return
            self._changed.wait(left)

    def _next_batch(self) -> Optional[Dict[str, Any]]:
        """A batch keeps its id until it is known to have arrived: the server stores one id once."""
        if self._batch is None and self._points:
            surroundings = _surroundings.read()
            if surroundings is None:
                self._points.clear()
                return None
            count = min(_MOST_IN_BATCH, len(self._points))
            points = [self._points.popleft() for _ in range(count)]
            self._batch = {"attempt": surroundings.attempt, "rank": surroundings.rank, "batchId": uuid.uuid4().hex, "points": points}
        return self._batch

    def _send(self, batch: Optional[Dict[str, Any]], fraction: Optional[float]) -> bool:
        """Whether something has to be sent again."""
        surroundings = _surroundings.read()
        if surroundings is None:
            return False
        away = False
        if batch is not None:
            outcome = post(surroundings, "metrics", batch, _REQUEST_SECONDS)
            away = outcome is Outcome.AWAY
            if not away:
                with self._changed:
                    self._batch = None
                    if outcome is Outcome.FULL:
                        self._full = True
                        self._points.clear()
            if outcome is Outcome.FULL:
                self._warn("full", "the job has all the metrics that it may have; later ones are dropped. Log less often, or fewer names")
            elif outcome is Outcome.REFUSED:
                self._warn("refused", "the server refused metrics of this task; they are dropped")
        if fraction is not None:
            outcome = post(surroundings, "progress", {"attempt": surroundings.attempt, "fraction": fraction}, _REQUEST_SECONDS)
            if outcome is Outcome.AWAY:
                return True
        return away

    def _warn(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            _LOGGER.warning("convoy: %s", text)


def _flush_at_exit_of_multiprocessing_child() -> None:
    """multiprocessing ends its children by ``os._exit``, which knows only finalizers of its own."""
    util = sys.modules.get("multiprocessing.util")
    process = sys.modules.get("multiprocessing.process")
    if util is not None and process is not None and process.parent_process() is not None:
        util.Finalize(None, flush, exitpriority=1)


_REPORTER = _Reporter()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_REPORTER.after_fork_in_child)
atexit.register(flush)
