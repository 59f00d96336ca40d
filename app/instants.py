"""Named instants at which the torture test ends the process: the only way to hit windows of microseconds on purpose.

`TEJUN_DIE_AT=name` or `name@3` (the third passing) makes `passing(name)` send SIGKILL to this very process, as a power
cut would. Without the variable it is one dictionary look-up. Imports nothing of the product; every layer may call it.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_name, _, _count = os.environ.get("TEJUN_DIE_AT", "").partition("@")
_nth = int(_count or 1)
_passed: Counter[str] = Counter()


def passing(name: str) -> None:
    """Say that the process is at the instant `name` (before_claim, after_claim, command_running, before_outcome, before_bell,
    delivering)."""
    if name != _name:
        return
    _passed[name] += 1
    if _passed[name] == _nth:
        os.kill(os.getpid(), signal.SIGKILL)
