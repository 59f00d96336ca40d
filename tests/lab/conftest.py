"""The lab's fixtures for the tests of the lab itself."""

from __future__ import annotations

from tests.support.lab import lab, lab_mode, new_lab, shared_lab

__all__ = ["lab", "lab_mode", "new_lab", "shared_lab"]
