"""Data sets, against an agent of the tests that can be killed, can refuse, and can take away what it held."""

import gc
import hashlib
import multiprocessing
import os
import pickle
import random
import signal
import tempfile
import threading
import time
import unittest
from unittest import mock

import convoy
from convoy import _agent

from .agent_double import SEGMENT, AgentDouble, Version
from .platform_double import wait_until

ODD = ["caf\u00e9.jpg", "cafe\u0301.jpg", "\U0001F69A/\U0001F69A \U0001F69A.bin", "line\nbreak", "Case", "case", "CASE/x", " ", "-rf", "a/b/c/d", "a/b.c", "n" * 255, "\u6570\u636e/\u96c6"]


def content(seed, size):
    return random.Random(seed).randbytes(size)


FILES = {
    **{f"{number % 7}/{number:05}.bin": content(number, 20_000 + number) for number in range(300)},
    **{path: content(path, 100 + number) for number, path in enumerate(ODD)},
    "empty": b"",
    "segment": content(1, SEGMENT),
    "large": content(2, 3 * SEGMENT + 12345),
    "larger": content(3, 60 << 20),
}


class DatasetTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = tempfile.TemporaryDirectory(prefix="convoy-py-")
        cls.version = Version(cls.room.name, FILES)

    @classmethod
    def tearDownClass(cls):
        cls.room.cleanup()

    def setUp(self):
        self.version.hold(0)
        self.agent = AgentDouble(os.path.join(self.room.name, "node.sock"), self.version)
        environment = {"CONVOY_NODE_SOCKET": self.agent.path, "CONVOY_DATASETS": "kitti=v3", "CONVOY_TOKEN": "secret"}
        patched = mock.patch.dict(os.environ, environment)
        patched.start()
        self.addCleanup(patched.stop)
        self.addCleanup(self.agent.kill)
        self.dataset = convoy.dataset("kitti")
        self.addCleanup(self.dataset.close)

    def assert_has_all(self, dataset=None):
        dataset = dataset or self.dataset
        for name, expected in FILES.items():
            self.assertEqual(hashlib.sha256(dataset.read(name)).digest(), hashlib.sha256(expected).digest(), name)

    def test_what_is_held_is_read_without_a_request_and_the_rest_is_asked_for(self):
        self.assert_has_all()
        self.assertGreater(len(self.agent.asked("read")), len(FILES) - 2)
        self.version.hold(1)
        before = len(self.agent.requests)
        self.assert_has_all()
        self.assertLessEqual(len(self.agent.requests), before + len(self.version.packs))
        self.version.hold(0.5)
        self.assert_has_all()
        self.assertGreater(len(self.agent.requests), before + 100)

    def test_files_are_found_by_number_and_by_name_whatever_they_are_called(self):
        self.version.hold(1)
        names = list(self.dataset.names)
        self.assertEqual(names, [path.decode() for path in self.version.order])
        self.assertEqual((len(self.dataset), len(self.dataset.names)), (len(FILES), len(FILES)))
        for number, name in enumerate(names):
            self.assertEqual(self.dataset.path(number), name)
            self.assertIn(name, self.dataset)
            self.assertIn(name, self.dataset.names)
            self.assertEqual(self.dataset[name], FILES[name])
        self.assertEqual(self.dataset.names[-2:], names[-2:])
        self.assertEqual(self.dataset[-1], FILES[names[-1]])
        self.assertEqual([len(item) for item in self.dataset], [len(FILES[name]) for name in names])
        for missing in ["", "none", "0", "0/", "/0/00000.bin", "0/00000.bin/", "a", "a/b", "\ud800", 7, None]:
            self.assertNotIn(missing, self.dataset)
        with self.assertRaises(FileNotFoundError):
            self.dataset["none"]
        for wrong in (len(names), -len(names) - 1):
            with self.assertRaises(IndexError):
                self.dataset[wrong]

    def test_names_of_many_files_are_not_brought_into_memory(self):
        self.dataset.names
        self.assertEqual(self.agent.asked("list"), [])
        iterator = iter(self.dataset.names)
        self.assertEqual(next(iterator), self.dataset.path(0))

    def test_transform_makes_of_bytes_what_items_are(self):
        dataset = convoy.dataset("kitti", transform=len)
        self.assertEqual(dataset["large"], len(FILES["large"]))
        self.assertEqual(dataset.read("empty"), b"")

    def test_a_file_is_sought_in_and_only_what_is_asked_for_is_read(self):
        for held in (0, 0.5, 1):
            self.version.hold(held)
            with self.dataset.open("larger") as file:
                for offset, length in [(0, 10), (SEGMENT - 5, 10), (SEGMENT, 1), (50 << 20, 3 << 20), ((60 << 20) - 3, 10), (61 << 20, 5)]:
                    file.seek(offset)
                    self.assertEqual(file.read(length), FILES["larger"][offset : offset + length], (held, offset))
                self.assertEqual(file.seek(-4, os.SEEK_END), (60 << 20) - 4)
                self.assertEqual(file.read(), FILES["larger"][-4:])
        with self.dataset.open("empty") as file:
            self.assertEqual(file.read(), b"")
        with self.dataset.open(self.dataset.path(3)) as file:
            self.assertEqual(list(file), list(FILES[self.dataset.path(3)].splitlines(keepends=True)))

    def test_a_view_copies_nothing_and_says_when_it_was_taken_away(self):
        self.version.hold(1)
        with self.dataset.view("case") as seen:
            self.assertEqual(seen, FILES["case"])
            self.assertTrue(seen.readonly)
        with self.assertRaises(OSError) as raised:
            with self.dataset.view("case") as seen:
                self.version.hold(0)
                self.assertEqual(bytes(seen[-10:]), bytes(10))
        self.assertIn("was taken", str(raised.exception))
        for name in ("case", "large", "empty"):
            with self.dataset.view(name) as seen:
                self.assertEqual(seen, FILES[name])

    def test_no_wrong_byte_is_read_while_the_share_shrinks_and_grows(self):
        stop = threading.Event()

        def move():
            turn = random.Random(5)
            while not stop.is_set():
                self.version.hold(turn.choice((0, 0.3, 1)))

        mover = threading.Thread(target=move)
        mover.start()
        try:
            turn = random.Random(6)
            names = [name for name in FILES if len(FILES[name]) < 1 << 20]
            end = time.monotonic() + 4
            while time.monotonic() < end:
                name = turn.choice(names)
                self.assertEqual(self.dataset.read(name), FILES[name], name)
        finally:
            stop.set()
            mover.join()

    def test_bytes_that_are_taken_away_between_the_look_and_the_copy_are_asked_for(self):
        find = _agent.Shelf.find

        def take_away(*arguments):
            place = find(*arguments)
            self.version.hold(0)
            return place

        self.dataset.read("empty")
        with mock.patch.object(_agent.Shelf, "find", take_away):
            for name in ("case", "large"):
                self.version.hold(1)
                before = len(self.agent.asked("read"))
                self.assertEqual(self.dataset.read(name), FILES[name])
                self.assertGreater(len(self.agent.asked("read")), before)

    def test_an_answer_that_breaks_off_is_asked_for_again(self):
        self.agent.faults = {"read": ["half", "hang up"], "map": ["hang up"]}
        self.assertEqual(self.dataset.read("large"), FILES["large"])
        self.agent.faults = {"read": ["half"] * 9}
        with self.assertRaises(OSError):
            self.dataset.read("larger")
        self.agent.faults = {}
        self.assert_has_all()

    def test_an_interrupted_read_leaves_nothing_for_the_next(self):
        class Interrupted(Exception):
            pass

        def interrupt(*_):
            raise Interrupted

        before = signal.signal(signal.SIGALRM, interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.dataset.read("empty")
        for name, after in [("larger", 0.05), ("large", 0.01), ("0/00000.bin", 0.02)]:
            self.agent.faults = {"read": [0.3]}
            signal.setitimer(signal.ITIMER_REAL, after)
            with self.assertRaises(Interrupted):
                self.dataset.read(name)
            self.assertEqual(self.dataset.read("case"), FILES["case"])
            self.assertEqual(self.dataset.read(name), FILES[name])

    def test_a_data_set_that_cannot_be_opened_says_why_and_leaves_no_connection(self):
        self.dataset.close()
        self.agent.faults = {"open": ["NotFound"]}
        with self.assertRaisesRegex(OSError, "NotFound: as it was told"):
            convoy.dataset("kitti")
        gc.collect()
        wait_until(lambda: self.agent.open_connections() == 0)
        with self.assertRaisesRegex(KeyError, "names no data set 'other'"):
            convoy.dataset("other")
        with mock.patch.dict(os.environ):
            del os.environ["CONVOY_NODE_SOCKET"]
            with self.assertRaisesRegex(RuntimeError, "no node agent"):
                convoy.dataset("kitti")

    def test_bytes_that_cannot_be_had_are_an_error_and_the_connection_goes_on(self):
        self.dataset.read("empty")
        before = len(self.agent.asked("open"))
        self.agent.faults = {"read": ["CannotRead"]}
        with self.assertRaisesRegex(OSError, "CannotRead"):
            self.dataset.read("case")
        self.assertEqual(self.dataset.read("case"), FILES["case"])
        self.assertEqual(len(self.agent.asked("open")), before)

    def test_an_agent_that_is_killed_is_waited_for_and_what_is_held_is_read_meanwhile(self):
        self.version.hold(1)
        self.assert_has_all()
        self.agent.kill()
        self.assert_has_all()
        self.version.hold(0)
        threading.Timer(0.7, self.agent.start).start()
        began = time.monotonic()
        self.assertEqual(self.dataset.read("case"), FILES["case"])
        self.assertGreater(time.monotonic() - began, 0.3)
        self.assert_has_all()

    def test_an_agent_that_does_not_come_back_is_an_error_after_a_while(self):
        self.agent.kill()
        with mock.patch.object(_agent, "PATIENCE", 0.5):
            with self.assertRaises(OSError):
                self.dataset.read("case")

    def test_a_platform_that_is_away_when_the_agent_comes_back_is_waited_for(self):
        self.dataset.read("case")
        self.agent.kill()
        self.agent.faults = {"open": ["ServerUnreachable"]}
        self.agent.start()
        self.assertEqual(self.dataset.read("case"), FILES["case"])

    def test_it_is_sent_to_other_processes_and_opened_there_when_something_is_read(self):
        before = len(self.agent.asked("open"))
        sent = pickle.dumps(self.dataset)
        self.assertLess(len(sent), 500)
        again = pickle.loads(sent)
        self.assertEqual((len(again), repr(again)), (len(FILES), repr(self.dataset)))
        self.assertEqual(len(self.agent.asked("open")), before)
        self.assertEqual(again["case"], FILES["case"])
        self.assertEqual(len(self.agent.asked("open")), before + 1)

    def test_forked_and_spawned_workers_read_with_connections_of_their_own(self):
        for method in ("fork", "spawn"):
            for held in (0, 1):
                self.version.hold(held)
                self.dataset.read("case")
                with multiprocessing.get_context(method).Pool(3, initializer=_begin, initargs=(self.dataset,)) as pool:
                    read = dict(pool.imap_unordered(_read, range(len(FILES) - 2)))
                self.assertEqual(self.dataset.read("case"), FILES["case"])
                for number, found in read.items():
                    self.assertEqual(found, hashlib.sha256(FILES[self.dataset.path(number)]).digest(), (method, held, number))

    def test_a_forked_child_keeps_nothing_of_its_parent_open(self):
        self.dataset.read("case")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.close, writing)
        os.close(reading)
        self.dataset.close()
        wait_until(lambda: self.agent.open_connections() == 0)

    def test_threads_read_at_once(self):
        for held in (0, 1):
            self.version.hold(held)
            wrong = []

            def read(seed):
                names = list(FILES)[:300]
                random.Random(seed).shuffle(names)
                wrong.extend(name for name in names if self.dataset.read(name) != FILES[name])

            threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])

    def test_it_is_let_go_of_at_the_end_of_a_with_and_by_who_forgets_it(self):
        self.version.hold(1)
        self.dataset.close()
        with convoy.dataset("kitti") as dataset:
            self.assertEqual(dataset["case"], FILES["case"])
            with dataset.view("case") as seen:
                dataset.close()
                self.assertEqual(seen, FILES["case"])
        wait_until(lambda: self.agent.open_connections() == 0)
        self.assertEqual(dataset["case"], FILES["case"])
        del dataset
        wait_until(lambda: self.agent.open_connections() == 0)

    def test_no_descriptor_stays_open_for_what_is_mapped(self):
        self.version.hold(1)
        before = len(os.listdir("/proc/self/fd"))
        self.assert_has_all()
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


def _begin(dataset):
    global _given
    _given = dataset


def _read(number):
    return number, hashlib.sha256(_given[number]).digest()


if __name__ == "__main__":
    unittest.main()
