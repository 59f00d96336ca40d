"""The simulated cluster, on which whole plans are carried out."""

from __future__ import annotations

from tests.support.lab import lab, lab_mode, new_lab

__all__ = ["lab", "lab_mode", "new_lab"]
