import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import convoy

from .test_reporting import CLIENT


class CheckpointTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "checkpoints"
        self.be_attempt(1)

    def be_attempt(self, attempt):
        patch = mock.patch.dict(os.environ, {"CONVOY_CHECKPOINT_DIR": str(self.folder), "CONVOY_ATTEMPT": str(attempt)})
        patch.start()
        self.addCleanup(patch.stop)

    def names(self):
        return sorted(os.listdir(self.folder))

    def test_there_is_none_before_the_first_is_saved(self):
        self.assertIsNone(convoy.latest_checkpoint())

    def test_the_folder_is_the_one_that_the_platform_names(self):
        self.assertEqual(str(self.folder), convoy.checkpoint_dir)

    def test_outside_the_platform_checkpoints_lie_in_the_working_directory(self):
        with mock.patch.dict(os.environ):
            del os.environ["CONVOY_CHECKPOINT_DIR"]
            self.assertEqual(str(Path.cwd() / "checkpoints"), convoy.checkpoint_dir)

    def test_results_go_where_the_platform_takes_them_from(self):
        with mock.patch.dict(os.environ, {"CONVOY_OUTPUT_DIR": str(self.folder)}):
            self.assertEqual(str(self.folder), convoy.output_dir)
        self.assertEqual(str(Path.cwd() / "outputs"), convoy.output_dir)

    def test_the_latest_is_the_one_of_the_highest_step(self):
        for step in (9, 10, 2):
            convoy.save_checkpoint(b"step %d" % step, step)

        self.assertEqual(b"step 10", convoy.latest_checkpoint().read_bytes())

    def test_a_function_is_given_a_path_to_write_to(self):
        path = convoy.save_checkpoint(lambda path: Path(path).write_text("weights"), 7)

        self.assertEqual(path, convoy.latest_checkpoint())
        self.assertEqual("weights", path.read_text())

    def test_a_function_that_fails_leaves_the_former_checkpoint_and_nothing_else(self):
        def fail(path):
            Path(path).write_text("half")
            raise RuntimeError("disk full")

        former = convoy.save_checkpoint(b"whole", 1)
        with self.assertRaisesRegex(RuntimeError, "disk full"):
            convoy.save_checkpoint(fail, 2)

        self.assertEqual([former.name], self.names())

    def test_a_function_that_writes_elsewhere_is_told_so(self):
        with self.assertRaisesRegex(ValueError, "very path"):
            convoy.save_checkpoint(lambda path: Path(path + ".npz").write_bytes(b""), 1)

    def test_only_the_newest_are_kept(self):
        for step in range(1, 6):
            convoy.save_checkpoint(b"x", step, keep=2)

        self.assertEqual(["step-000000000004.ckpt", "step-000000000005.ckpt"], self.names())

    def test_what_was_just_saved_is_kept_though_higher_steps_lie_there(self):
        for step in (10, 11, 12):
            convoy.save_checkpoint(b"x", step)
        saved = convoy.save_checkpoint(b"x", 5)

        self.assertTrue(saved.exists())

    def test_what_is_no_checkpoint_is_neither_taken_for_one_nor_removed(self):
        self.folder.mkdir()
        others = ["best.pt", "step-1.ckpt", "step-000000000009.ckpt.bak", "unfinished-notes.txt"]
        for name in others:
            (self.folder / name).write_text("mine")
        for step in range(5):
            convoy.save_checkpoint(b"x", step, keep=1)

        self.assertEqual("step-000000000004.ckpt", convoy.latest_checkpoint().name)
        self.assertEqual(sorted([*others, "step-000000000004.ckpt"]), self.names())

    def test_kill_9_in_the_middle_of_a_save_leaves_the_former_checkpoint(self):
        convoy.save_checkpoint(b"whole", 1)
        script = """
import convoy, time
def write(path):
    with open(path, "wb") as file:
        file.write(b"half")
        file.flush()
        print("half", flush=True)
        time.sleep(60)
convoy.save_checkpoint(write, 2)
"""
        process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": CLIENT}, stdout=subprocess.PIPE, text=True)
        with process.stdout:
            self.assertEqual("half\n", process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.assertEqual(b"whole", convoy.latest_checkpoint().read_bytes())
        self.assertEqual(2, len(self.names()))

        self.be_attempt(2)
        convoy.save_checkpoint(b"again", 2)
        self.assertEqual(["step-000000000001.ckpt", "step-000000000002.ckpt"], self.names())

    def test_another_rank_of_the_same_attempt_may_be_writing(self):
        self.folder.mkdir()
        theirs = self.folder / f"unfinished-1-{'0' * 32}.tmp"
        theirs.write_bytes(b"half")
        convoy.save_checkpoint(b"x", 1)

        self.assertTrue(theirs.exists())


if __name__ == "__main__":
    unittest.main()
