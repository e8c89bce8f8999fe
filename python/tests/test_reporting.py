import os
import signal
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

from .platform_double import PlatformDouble, wait_until

CLIENT = str(Path(__file__).resolve().parents[1])


def start(script, environment):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONVOY_") and name != "RANK"}
    return subprocess.Popen(
        [sys.executable, "-c", "import convoy\n" + textwrap.dedent(script)],
        env={**inherited, "PYTHONPATH": CLIENT, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, said=""):
    out, err = process.communicate(said, timeout=60)
    return process.returncode, out, err


class ReportingTests(unittest.TestCase):
    def setUp(self):
        self.platform = PlatformDouble()
        self.addCleanup(lambda: self.platform.close())

    def run_script(self, script, **environment):
        code, out, err = finish(start(script, self.platform.environment(**environment)))
        self.assertEqual(0, code, err)
        return out, err

    def test_what_was_logged_arrives_before_the_program_ends(self):
        self.run_script("for step in range(3): convoy.log(step, loss=1.5 - step, accuracy=step)")

        self.assertEqual(
            [("loss", 0, 1.5), ("accuracy", 0, 0.0), ("loss", 1, 0.5), ("accuracy", 1, 1.0), ("loss", 2, -0.5), ("accuracy", 2, 2.0)],
            self.platform.points())
        path, authorization, body = self.platform.requests[0]
        self.assertEqual(("/api/v1/jobs/j1/metrics", "Bearer secret"), (path, authorization))
        self.assertEqual((2, 1), (body["attempt"], body["rank"]))
        self.assertRegex(body["points"][0]["at"], r"^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$")

    def test_a_child_of_torchrun_reports_its_own_rank(self):
        self.run_script("convoy.log(1, loss=1)", RANK="5")

        self.assertEqual(5, self.platform.bodies("metrics")[0]["rank"])

    def test_not_a_number_and_infinity_travel_as_text(self):
        self.run_script("convoy.log(1, a=float('nan'), b=float('inf'), c=float('-inf'))")

        self.assertEqual([("a", 1, "NaN"), ("b", 1, "Infinity"), ("c", 1, "-Infinity")], self.platform.points())

    def test_a_batch_whose_answer_was_lost_comes_again_under_the_same_id(self):
        self.platform.answers = ["lose", 503]
        self.run_script("convoy.log(1, loss=1)")

        self.assertEqual(3, len(self.platform.bodies("metrics")))
        self.assertEqual(1, len({body["batchId"] for body in self.platform.bodies("metrics")}))
        self.assertEqual([("loss", 1, 1.0)], self.platform.points())

    def test_what_was_logged_while_the_server_was_down_arrives_when_it_is_up_again(self):
        port = self.platform.port
        self.platform.close()
        process = start("convoy.log(1, loss=1); convoy.progress(0.25); input(); convoy.log(2, loss=2); convoy.flush(30)", self.platform.environment())
        self.platform = PlatformDouble(port)
        code, _, err = finish(process, "go\n")

        self.assertEqual(0, code, err)
        self.assertEqual([("loss", 1, 1.0), ("loss", 2, 2.0)], self.platform.points())
        self.assertEqual(0.25, self.platform.bodies("progress")[-1]["fraction"])

    def test_a_program_ends_by_itself_though_the_server_never_answers(self):
        port = self.platform.port
        self.platform.close()
        code, out, err = finish(start("convoy.log(1, loss=1); print('trained')", self.platform.environment()))
        self.platform = PlatformDouble(port)

        self.assertEqual((0, "trained\n"), (code, out), err)

    def test_the_oldest_values_are_dropped_with_one_warning_when_too_many_wait(self):
        port = self.platform.port
        self.platform.close()
        process = start("for step in range(30_000): convoy.log(step, loss=1)\nprint('logged', flush=True); input(); convoy.flush(30)", self.platform.environment())
        self.assertEqual("logged\n", process.stdout.readline())
        self.platform = PlatformDouble(port)
        code, _, err = finish(process, "go\n")

        self.assertEqual(0, code, err)
        self.assertEqual(1, err.count("oldest are dropped"))
        steps = [step for _, step, _ in self.platform.points()]
        self.assertEqual(29_999, steps[-1])
        self.assertLessEqual(len(steps), 20_500)
        self.assertLessEqual(max(len(body["points"]) for body in self.platform.bodies("metrics")), 1000)

    def test_a_refused_batch_is_dropped_and_later_ones_arrive(self):
        self.platform.answers = [400]
        _, err = self.run_script("convoy.log(1, loss=1); convoy.flush(); convoy.log(2, loss=2)")

        self.assertEqual([1, 2], [body["points"][0]["step"] for body in self.platform.bodies("metrics")])
        self.assertIn("refused", err)

    def test_a_full_job_is_told_no_more(self):
        self.platform.answers = [409]
        _, err = self.run_script("convoy.log(1, loss=1); convoy.flush(); convoy.log(2, loss=2)")

        self.assertEqual(1, len(self.platform.bodies("metrics")))
        self.assertEqual(1, err.count("Log less often"))

    def test_the_token_follows_no_redirect(self):
        self.platform.answers = [302]
        self.run_script("convoy.log(1, loss=1)")

        self.assertEqual(["/api/v1/jobs/j1/metrics"], [path for path, _, _ in self.platform.requests])

    def test_a_proxy_is_not_asked_for_a_loopback_address(self):
        self.run_script("convoy.log(1, loss=1)", http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9")

        self.assertEqual([("loss", 1, 1.0)], self.platform.points())

    def test_of_many_progress_reports_few_are_sent_and_the_last_arrives(self):
        self.run_script("for i in range(1000): convoy.progress(i / 999)")

        fractions = [body["fraction"] for body in self.platform.bodies("progress")]
        self.assertEqual(1.0, fractions[-1])
        self.assertLess(len(fractions), 100)

    def test_a_forked_child_reports_what_it_logged_and_nothing_of_its_parent(self):
        self.run_script("""
            import os
            convoy.log(1, parent=1)
            child = os.fork()
            if child == 0:
                convoy.log(2, child=2)
                convoy.flush(30)
                os._exit(0)
            os.waitpid(child, 0)
            convoy.log(3, parent=3)
            """)

        self.assertEqual([("child", 2, 2.0), ("parent", 1, 1.0), ("parent", 3, 3.0)], sorted(self.platform.points()))

    def test_a_child_of_multiprocessing_reports_without_asking_for_it(self):
        self.run_script("""
            import multiprocessing
            convoy.log(1, parent=1)
            context = multiprocessing.get_context("fork")
            workers = [context.Process(target=convoy.log, args=(step,), kwargs={"child": step}) for step in (2, 3)]
            for worker in workers: worker.start()
            for worker in workers: worker.join()
            """)

        self.assertEqual([("child", 2, 2.0), ("child", 3, 3.0), ("parent", 1, 1.0)], sorted(self.platform.points()))

    def test_a_fork_while_another_thread_logs_does_not_hang(self):
        self.run_script("""
            import os, threading
            done = threading.Event()
            def busy():
                while not done.is_set(): convoy.log(1, busy=1)
            thread = threading.Thread(target=busy)
            thread.start()
            for _ in range(50):
                child = os.fork()
                if child == 0:
                    convoy.log(2, child=1)
                    os._exit(0)
                os.waitpid(child, 0)
            done.set()
            thread.join()
            """)

    def test_outside_the_platform_nothing_is_sent_and_nothing_fails(self):
        code, out, err = finish(start("convoy.log(1, loss=1); convoy.progress(0.5); print(convoy.flush())", {}))

        self.assertEqual((0, "True\n", ""), (code, out, err))

    def test_a_value_that_is_no_number_is_told_at_once(self):
        for call in ("convoy.log(1, loss='high')", "convoy.log(1, loss=None)", "convoy.log(-1, loss=1)", "convoy.progress(float('nan'))"):
            code, _, err = finish(start(call, self.platform.environment()))
            self.assertEqual(1, code, call)
            self.assertRegex(err, "ValueError|TypeError", call)

    def test_values_logged_shortly_before_a_kill_had_left_already(self):
        process = start("convoy.log(1, loss=1); input()", self.platform.environment())
        wait_until(lambda: self.platform.points() == [("loss", 1, 1.0)])
        process.send_signal(signal.SIGKILL)
        finish(process)


if __name__ == "__main__":
    unittest.main()
