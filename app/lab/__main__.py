"""The lab's own processes: `python -m app.lab keeper|node|probe …`. People use `tejun lab`."""

from __future__ import annotations

import sys
from pathlib import Path

from app.lab import keeper, node, probe


def main(arguments: list[str]) -> int:
    """Dispatch; the exit code."""
    verb, directory, *rest = arguments
    if verb == "keeper":
        return keeper.main(Path(directory), detached="--detached" in rest)
    if verb == "node":
        return node.main(Path(directory), rest[0])
    if verb == "windows-node":
        from app.lab.windows import node as windows_node  # no UNIX node needs it

        return windows_node.main(Path(directory), rest[0])
    return probe.main(Path(directory))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
