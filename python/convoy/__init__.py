"""What a training script says to Convoy, and where it keeps its checkpoints.

::

    import convoy

    for step in range(steps):
        ...
        convoy.log(step, loss=loss, accuracy=accuracy)
        convoy.progress((step + 1) / steps)

    convoy.save_checkpoint(lambda path: torch.save(model.state_dict(), path), step)
    newest = convoy.latest_checkpoint()

Nothing here needs more than the standard library. Outside the platform, where no ``CONVOY_*`` variable is set,
``log`` and ``progress`` do nothing and checkpoints lie in ``./checkpoints``, so the same script runs by hand too.
No call fails or waits because the server is away.
"""

from typing import Any

from ._checkpoints import latest_checkpoint, save_checkpoint
from ._reporting import flush, log, progress
from ._surroundings import checkpoint_directory as _checkpoint_directory

__all__ = ["checkpoint_dir", "flush", "latest_checkpoint", "log", "progress", "save_checkpoint"]

checkpoint_dir: str
"""The folder of this job's checkpoints. It outlives the attempt: a restarted job finds it again."""


def __getattr__(name: str) -> Any:
    # Read when asked for: a test or a launcher may set the variable after the import.
    if name == "checkpoint_dir":
        return str(_checkpoint_directory())
    raise AttributeError(f"module 'convoy' has no attribute '{name}'")
