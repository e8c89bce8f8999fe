"""Counts, slowly. However often it is stopped, no step is done twice: what a training script does with a model, it does with a number."""

import os
import signal
import sys
import time

import convoy

STEPS = int(os.environ.get("STEPS", "60"))
SECONDS = float(os.environ.get("SECONDS_PER_STEP", "0.05"))

stopping = False


def stop(signum, frame):
    global stopping
    stopping = True


def main():
    # The platform sends checkpoint.signal and waits checkpoint.grace: the step under way is finished and saved.
    signal.signal(signal.SIGTERM, stop)
    newest = convoy.latest_checkpoint()
    done, total = map(int, newest.read_text().split()) if newest else (0, 0)
    print(f"begins at step {done + 1}", flush=True)
    for step in range(done + 1, STEPS + 1):
        time.sleep(SECONDS)
        total += step
        convoy.save_checkpoint(f"{step} {total}".encode(), step)
        convoy.progress(step / STEPS)
        print(f"step {step}: {total}", flush=True)
        if stopping:
            print(f"saved itself at step {step}", flush=True)
            sys.exit(0)
    print(f"the sum of 1 to {STEPS} is {total}", flush=True)


if __name__ == "__main__":
    main()
