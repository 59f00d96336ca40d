"""Can this machine give nodes namespaces of their own? Answered by really doing it once, in a process that then ends."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from app.lab import namespaces


def main(directory: Path) -> int:
    """Dress a trial node in `directory`; 0 and "ok", or 1 and the reason, on stdout."""
    trial = Path(tempfile.mkdtemp(prefix=".probe.", dir=directory))
    (trial / "shared").mkdir()
    child = os.fork()
    if child == 0:
        os._exit(_try(trial))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    shutil.rmtree(trial, ignore_errors=True)
    return status


def _try(trial: Path) -> int:
    try:
        namespaces.unshare()
        first = os.fork()
        if first:
            return os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
        namespaces.become_machine("probe", trial, trial / "shared")
    except (OSError, AttributeError) as error:  # AttributeError: a C library without unshare, as on macOS
        os.write(1, str(error).encode())
        return 1
    os.write(1, b"ok")
    return 0
