"""Prints what a benchmark measured, and on what machine. Asserts nothing: a benchmark's assertions are about the work done."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

MEGABYTE = 1_000_000


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)] if share < 1 else ordered[-1]


def show(name: str, seconds: Sequence[float]) -> None:
    """One line of times, in milliseconds."""
    cells = [
        f"{word} {value * 1000:9.1f}"
        for word, value in (
            ("min", min(seconds)),
            ("p50", quantile(seconds, 0.5)),
            ("p99", quantile(seconds, 0.99)),
            ("max", max(seconds)),
        )
    ]
    print(f"  {name:<58} {'  '.join(cells)}  ms  n={len(seconds)}", flush=True)


def show_rate(name: str, size: int, lines: int, seconds: Sequence[float]) -> None:
    """One line of throughput: slowest, median and fastest run."""
    cells = []
    for word, took in (
        ("min", max(seconds)),
        ("median", quantile(seconds, 0.5)),
        ("max", min(seconds)),
    ):
        cells.append(f"{word} {size / took / MEGABYTE:6.1f} MB/s {lines / took:11,.0f} lines/s")
    print(f"  {name:<58} {'  '.join(cells)}  n={len(seconds)}", flush=True)


def machine() -> str:
    """The machine in one line: what a figure cannot be read without."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} {platform.release()}, {python}, "
        f"load {' '.join(f'{each:.2f}' for each in os.getloadavg())}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
