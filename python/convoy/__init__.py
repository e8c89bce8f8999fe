"""What a training script says to Convoy, and where it keeps its checkpoints and its results.

::

    import convoy

    for step in range(steps):
        ...
        convoy.log(step, loss=loss, accuracy=accuracy)
        convoy.progress((step + 1) / steps)

    convoy.save_checkpoint(lambda path: torch.save(model.state_dict(), path), step)
    newest = convoy.latest_checkpoint()
    torch.save(model.state_dict(), f"{convoy.output_dir}/model.pt")
    images = DataLoader(convoy.dataset("kitti", transform=decode), batch_size=64, shuffle=True, num_workers=4)

Nothing here needs more than the standard library. Outside the platform, where no ``CONVOY_*`` variable is set,
``log`` and ``progress`` do nothing and checkpoints lie in ``./checkpoints``, results in ``./outputs``, so the same script runs by hand too.
No call fails or waits because the server is away.
"""

from typing import Any

from ._checkpoints import latest_checkpoint, save_checkpoint
from ._datasets import Dataset, dataset
from ._reporting import flush, log, progress
from ._surroundings import checkpoint_directory as _checkpoint_directory
from ._surroundings import output_directory as _output_directory

__all__ = ["Dataset", "checkpoint_dir", "dataset", "flush", "latest_checkpoint", "log", "output_dir", "progress", "save_checkpoint"]

checkpoint_dir: str
"""The folder of this job's checkpoints. It outlives the attempt: a restarted job finds it again."""

output_dir: str
"""The folder of what this task leaves, however it ends: ``convoy output get`` brings it. Of this attempt and task alone."""


def __getattr__(name: str) -> Any:
    # Read when asked for: a test or a launcher may set the variable after the import.
    if name == "checkpoint_dir":
        return str(_checkpoint_directory())
    if name == "output_dir":
        return str(_output_directory())
    raise AttributeError(f"module 'convoy' has no attribute '{name}'")
