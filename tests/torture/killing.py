"""Killing the console again and again while people carry a session out: at named instants on purpose, else at random ones.

A process ends itself at a named instant (app/instants.py). Knows no platform and judges nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from tests.torture.victim import Victim

NAMED = ("before_claim", "starting", "after_claim", "command_running", "before_outcome", "before_bell")
"""`starting`: up to 0.3 s after the start was asked for, so that the node is somewhere on its way to the claim."""


def next_window(rng: random.Random, hits: Counter[str]) -> str:
    """The named window hit least so far, about four times in five, by count and not by chance; otherwise none: a random
    instant."""
    if hits.total() - hits["random"] > 0.8 * hits.total():
        return ""
    return min(NAMED, key=lambda name: (hits[name], rng.random()))


def instant(window: str, rng: random.Random) -> str:
    """What TEJUN_DIE_AT says for a window."""
    if window == "before_bell":
        return f"{window}@{rng.randint(1, 12)}"
    return f"before_claim+{rng.randint(5, 300)}" if window == "starting" else window


async def killed_on_the_way(
    victim: Victim,
    people: asyncio.Future[object],
    rng: random.Random,
    hits: Counter[str],
    wanted: int,
    patience: float = 15.0,
) -> None:
    """As many kills as fit before the people have done, or are still wanted; then the console is left alone until they have.

    `patience`: seconds within which a named window is to be reached; else the kill is one at a random instant.
    """
    try:
        while not people.done() and hits.total() < wanted:
            await kill_once(victim, people, rng, hits, patience)
        if not people.done():
            await victim.start()
        await people
    finally:
        people.cancel()
        await victim.kill()


async def kill_once(
    victim: Victim, people: asyncio.Future[object], rng: random.Random, hits: Counter[str], patience: float
) -> None:
    """Start the console, and end it at the named window or, where that is not reached in time, at a random instant."""
    window = next_window(rng, hits)
    await victim.start(instant(window, rng))
    waiting = asyncio.ensure_future(victim.died(patience if window else rng.uniform(0.1, 4.0)))
    await asyncio.wait({waiting, people}, return_when=asyncio.FIRST_COMPLETED)
    if people.done():
        waiting.cancel()
        return
    if await waiting:
        hits[window] += 1
    else:
        await victim.kill()
        hits["random"] += 1


def said(hits: Counter[str], rounds: int) -> int:
    """Prints what was hit; how many of it in named windows."""
    named = sum(hits[name] for name in NAMED)
    print(f"kills {hits.total()} in {rounds} sessions, in named windows {named}: {dict(hits)}")
    return named
