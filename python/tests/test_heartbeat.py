import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import convoy
from convoy import _heartbeat


class HeartbeatTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "heartbeat"
        patched = mock.patch.dict(os.environ, {"CONVOY_HEARTBEAT": str(self.file), "CONVOY_CHECKPOINT_DIR": folder.name})
        patched.start()
        self.addCleanup(patched.stop)
        _heartbeat._last = float("-inf")

    def test_whatever_reports_beats(self):
        for report in (lambda: convoy.log(1, loss=1.0), lambda: convoy.progress(0.5), lambda: convoy.save_checkpoint(b"x", 1)):
            self.file.unlink(missing_ok=True)
            _heartbeat._last = float("-inf")
            report()
            self.assertTrue(self.file.exists())

    def test_a_beat_is_newer_than_the_one_before(self):
        self.file.write_bytes(b"")
        os.utime(self.file, (1, 1))
        _heartbeat.beat()
        self.assertGreater(self.file.stat().st_mtime, 1)

    def test_a_file_that_cannot_be_made_is_no_error(self):
        with mock.patch.dict(os.environ, {"CONVOY_HEARTBEAT": "/nowhere/at/all"}):
            _heartbeat.beat()

    def test_outside_the_platform_nothing_is_written(self):
        with mock.patch.dict(os.environ, {"CONVOY_HEARTBEAT": ""}):
            _heartbeat.beat()
        self.assertFalse(self.file.exists())


if __name__ == "__main__":
    unittest.main()
