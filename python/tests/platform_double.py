"""A real HTTP server on loopback that keeps what tasks report."""

import http.server
import json
import threading
import time


class PlatformDouble:
    """Answers as the platform does. ``answers`` holds what to answer first: a status, or "lose" to hang up after reading."""

    def __init__(self, port=0):
        self.requests = []
        self.answers = []
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with double.changed:
                    double.requests.append((self.path, self.headers.get("Authorization"), body))
                    answer = double.answers.pop(0) if double.answers else 204
                    double.changed.notify_all()
                if answer == "lose":
                    self.close_connection = True
                    return
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.changed = threading.Condition()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def environment(self, **more):
        return {
            "CONVOY_SERVER": f"http://127.0.0.1:{self.port}", "CONVOY_JOB_ID": "j1", "CONVOY_TOKEN": "secret",
            "CONVOY_ATTEMPT": "2", "CONVOY_RANK": "1", **more,
        }

    def bodies(self, what):
        with self.changed:
            return [body for path, _, body in self.requests if path == f"/api/v1/jobs/j1/{what}"]

    def points(self):
        """As the platform stores them: a batch that comes twice is stored once."""
        batches = {body["batchId"]: body["points"] for body in self.bodies("metrics")}
        return [(point["name"], point["step"], point["value"]) for batch in batches.values() for point in batch]


def wait_until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("it did not come true in time")
        time.sleep(0.02)
