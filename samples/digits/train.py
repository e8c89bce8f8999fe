"""Learn handwritten digits with PyTorch's DistributedDataParallel.

By hand:           python3 train.py
Two processes:     torchrun --nproc_per_node 2 train.py
On the platform:   convoy submit -f job.yaml

The data are the 1 797 real digits that scikit-learn carries; nothing is downloaded. The model is left as model.pt:
convoy output get digits model.pt
"""

import argparse
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn.parallel import DistributedDataParallel

try:
    import convoy
except ImportError:  # by hand, in a checkout: the platform puts the client on every task's path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
    import convoy

GOAL = 0.95
BATCH = 32


def read_digits(device):
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target, dtype=torch.long)
    train, test = train_test_split(range(len(labels)), test_size=0.2, random_state=0, stratify=digits.target)
    return images[train].to(device), labels[train].to(device), images[test].to(device), labels[test].to(device)


def build_model():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 4 * 4, 64), nn.ReLU(), nn.Linear(64, 10),
    )


def train_epoch(model, optimizer, images, labels, epoch, rank, world):
    """Every rank sees its own part of one shuffled order; parts are equally long, or the ranks would wait for ever."""
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(epoch))
    mine = order[: len(order) // world * world][rank::world].to(images.device)
    model.train()
    total = 0.0
    for start in range(0, len(mine), BATCH):
        part = mine[start : start + BATCH]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images[part]), labels[part])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(part)
    return total / len(mine)


@torch.no_grad()
def measure_accuracy(model, images, labels):
    model.eval()
    return (model(images).argmax(1) == labels).float().mean().item()


def main():
    arguments = argparse.ArgumentParser(description="Learn handwritten digits.")
    arguments.add_argument("--epochs", type=int, default=20)
    options = arguments.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(0)
    rank = int(os.environ.get("RANK", "0"))
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world > 1:
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        dist.init_process_group("gloo", rank=rank, world_size=world)
    use_gpu = torch.cuda.is_available() and os.environ.get("CUDA_VISIBLE_DEVICES") != ""
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count()) if use_gpu else torch.device("cpu")

    train_images, train_labels, test_images, test_labels = read_digits(device)
    bare = build_model().to(device)
    model = DistributedDataParallel(bare) if world > 1 else bare
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)

    first = 0
    newest = convoy.latest_checkpoint()
    if newest is not None:
        saved = torch.load(newest, map_location=device)
        bare.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["epoch"] + 1
        print(f"rank {rank}: resumed after epoch {saved['epoch']} from {newest.name}", flush=True)
    if world > 1:
        dist.barrier()  # no rank may save before all have read
    if rank == 0:
        print(f"{len(train_labels)} images to learn from, {len(test_labels)} to test with; {world} workers on {device.type}", flush=True)

    for epoch in range(first, options.epochs):
        loss = train_epoch(model, optimizer, train_images, train_labels, epoch, rank, world)
        accuracy = measure_accuracy(bare, test_images, test_labels)
        if rank == 0:
            print(f"epoch {epoch + 1:2d}/{options.epochs}  loss {loss:.4f}  accuracy {accuracy:.4f}", flush=True)
            convoy.log(epoch, loss=loss, accuracy=accuracy)
            convoy.progress((epoch + 1) / options.epochs)
            state = {"model": bare.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
            convoy.save_checkpoint(lambda path: torch.save(state, path), epoch)

    accuracy = measure_accuracy(bare, test_images, test_labels)
    if world > 1:
        dist.barrier()
        dist.destroy_process_group()
    if rank == 0:
        print(f"test accuracy {accuracy:.4f}", flush=True)
        results = Path(convoy.output_dir)
        results.mkdir(parents=True, exist_ok=True)  # by hand: the platform makes it
        torch.save(bare.state_dict(), results / "model.pt")
    if accuracy < GOAL:
        sys.exit(f"rank {rank}: test accuracy {accuracy:.4f} is below {GOAL}")


if __name__ == "__main__":
    main()
