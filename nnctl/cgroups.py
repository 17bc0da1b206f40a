"""Where Linux keeps the limits of a container or a batch job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

MOUNTED = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def folders(controller: str) -> Iterator[tuple[int, Path]]:
    """Yield the version (2 or 1) and the folder of this process's cgroup and of each around it, whose limits hold, too.

    Within a container the path may be the host's; then the limits stand at the root.
    """
    try:
        lines = [line.split(":", 2) for line in OWN.read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in lines:
        if controllers == "":
            version, root = 2, MOUNTED
        elif controller in controllers.split(","):
            version, root = 1, MOUNTED / controller
        else:
            continue
        inner = root / path.strip("/")
        for folder in (inner, *inner.parents) if inner.is_dir() else (root,):
            if folder.is_relative_to(root):
                yield version, folder
