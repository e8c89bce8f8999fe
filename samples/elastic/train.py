"""Learn a curve with as many workers as there are just now.

By hand:           torchrun --standalone train.py
On the platform:   convoy submit -f job.yaml

torchrun starts this program anew, on every worker, whenever workers come or go. So it reads the newest checkpoint, asks
torchrun how many they are, and goes on from there; and the gradient is that of the same batch however many share it.
"""

import argparse
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

try:
    import convoy
except ImportError:  # by hand, in a checkout: the platform puts the client on every task's path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
    import convoy

BATCH = 48  # of all workers together
SAVED_EVERY = 5  # steps: what a change of size costs at most


def batch_of(step, rank, world):
    """This worker's part of the step's batch, which does not depend on how many they are."""
    x = torch.rand(BATCH, 1, generator=torch.Generator().manual_seed(step)) * 6 - 3
    return x[rank::world], torch.sin(x[rank::world])


def main():
    arguments = argparse.ArgumentParser(description="Learn a curve.")
    arguments.add_argument("--steps", type=int, default=1200)
    arguments.add_argument("--until", help="go on until this file is there, instead of for so many steps")
    arguments.add_argument("--pause", type=float, default=0.05, help="seconds between steps, so that there is time to watch")
    options = arguments.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    # A short timeout: who waits for a worker that has gone meanwhile gives up, and torchrun gathers those that are left.
    dist.init_process_group("gloo", timeout=timedelta(seconds=60))
    rank, world = dist.get_rank(), dist.get_world_size()  # torchrun's word; CONVOY_WORLD_SIZE is that of the start

    bare = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(bare.parameters(), lr=0.05)
    step = 0
    newest = convoy.latest_checkpoint()
    if newest is not None:
        saved = torch.load(newest)
        bare.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    if rank == 0:
        print(f"{world} workers begin at step {step}", flush=True)
    dist.barrier()  # no worker may save before all have read
    model = DistributedDataParallel(bare)

    while True:
        # Rank 0 decides for all, or some would wait for others that have left.
        is_over = torch.tensor([float(os.path.exists(options.until) if options.until else step >= options.steps)])
        dist.broadcast(is_over, 0)
        if is_over.item() > 0:
            break
        x, y = batch_of(step, rank, world)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        step += 1
        if rank == 0 and step % SAVED_EVERY == 0:
            state = {"model": bare.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
            convoy.save_checkpoint(lambda path: torch.save(state, path), step)
            convoy.log(step, loss=loss.item(), workers=world)
            if not options.until:
                convoy.progress(step / options.steps)
            if step % 20 == 0:
                print(f"step {step}  loss {loss.item():.4f}  {world} workers", flush=True)
        time.sleep(options.pause)

    dist.barrier()
    dist.destroy_process_group()
    if rank == 0:
        print(f"done at step {step}", flush=True)


if __name__ == "__main__":
    main()
