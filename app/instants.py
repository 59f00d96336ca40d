"""Named instants at which the torture test ends the process: the only way to hit windows of microseconds on purpose.

`TEJUN_DIE_AT=name` or `name@3` (the third passing) makes `passing(name)` send SIGKILL to this very process, as a power
cut would; `name+80` or `name@3+80` does so 80 milliseconds later, wherever the process has come to by then. Without the
variable it is one dictionary look-up. Imports nothing of the product; every layer may call it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

_place, _, _late = os.environ.get("TEJUN_DIE_AT", "").partition("+")
_name, _, _count = _place.partition("@")
_nth = int(_count or 1)
_milliseconds = int(_late or 0)
_passed: Counter[str] = Counter()


def passing(name: str) -> None:
    """Say that the process is at the instant `name` (before_claim, after_claim, command_running, before_outcome, before_bell,
    delivering)."""
    if name != _name:
        return
    _passed[name] += 1
    if _passed[name] != _nth:
        return
    if _milliseconds:
        ending = threading.Timer(_milliseconds / 1000, _end)
        ending.daemon = True
        ending.start()
    else:
        _end()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
