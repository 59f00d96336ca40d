"""The shape of NEC's guide (R16.3, first edition): its sections and how many numbered steps each has. Facts only, no text.

Source: the guide's table of contents and step numbers. Sections without numbered steps (the looks before, failover and
failback) count 0. 1.1.2's sections have two variants, a (up to R12.4) and b (R12.4.1 and later); 1.2.1 only points to 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping

STEPS: Mapping[str, int] = {
    "1.1.1.1": 3, "1.1.1.2": 10,
    "1.1.2.1a": 14, "1.1.2.1b": 6, "1.1.2.2a": 19, "1.1.2.2b": 11,
    "1.1.3.1": 9, "1.1.3.2": 19,
    "1.1.4.1": 8, "1.1.4.2": 16,
    "1.2.2.1": 10, "1.2.2.2": 13,
    "1.3.1": 3, "1.3.2": 0, "1.3.3": 3, "1.3.4": 0,
    "2.1.1": 5, "2.1.2": 9,
    "2.2.1": 0, "2.2.2": 4, "2.2.3": 11,
    "2.3.1": 4, "2.3.2": 0, "2.3.3": 4, "2.3.4": 0,
    "3.1.1": 0, "3.1.2": 4, "3.1.3": 12,
    "3.2.1": 0, "3.2.2": 4, "3.2.3": 9,
    "3.3.1": 4, "3.3.2": 0, "3.3.3": 4, "3.3.4": 0,
}  # fmt: skip
"""Section, with the letter of its variant -> the number of its last numbered step; numbers begin at 1 and have no gaps."""

PROCEDURES: Mapping[str, tuple[str, ...]] = {
    number: tuple(name for name in STEPS if name.startswith(f"{number}."))
    for number in (
        "1.1.1",
        "1.1.2",
        "1.1.3",
        "1.1.4",
        "1.2.2",
        "1.3",
        "2.1",
        "2.2",
        "2.3",
        "3.1",
        "3.2",
        "3.3",
    )
}
"""The twelve procedures and their sections, in the order of their carrying-out."""

ALL_STEPS = sum(STEPS.values())
