"""Reading the checks and interlocks of a plan on the nodes: probe, parse, judge. Changes nothing anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from app.actions.judging import Seen
from app.domain import checks
from app.domain.procedure import Check
from app.nodes import Links, NodeError, Target

TargetsOf = Callable[[int], Awaitable[Mapping[str, Target]]]
PROBE_SECONDS = 20.0


@dataclass(frozen=True)
class Patience:
    """How long to go on asking, in seconds: in all, and where only what does not settle by itself is wrong; how often."""

    total: float
    still: float
    interval: float = 0.5


async def read_check(links: Links, target: Target, purpose: str, index: int, check: Check) -> Seen:
    """One check on one node. An unreachable node or an unreadable answer is a reading too: its verdict is unknown."""
    output, facts, problem = b"", None, None
    try:
        for command in check.commands:
            answer = await links.read(target, command, timeout=PROBE_SECONDS)
            output += answer.stdout
            facts = checks.read(check, answer.stdout, answer.exit_status)
    except NodeError as no:
        problem = no.code
    if facts is None and problem is None:
        problem = "unreadable"
    verdict = checks.judge(facts, check).result
    told = tuple(sorted(facts)) if facts is not None else None
    return Seen(purpose, index, target.name, check.parser, output, told, verdict, problem)


async def read_all(links: Links, target: Target, purpose: str, wanted: Sequence[Check]) -> list[Seen]:
    """Every check at this instant, side by side."""
    return list(
        await asyncio.gather(*(read_check(links, target, purpose, i, c) for i, c in enumerate(wanted)))
    )


async def read_until_pass(
    links: Links,
    target: Target,
    wanted: Sequence[Check],
    patience: Patience,
    keep: Callable[[list[Seen]], Awaitable[None]],
) -> str:
    """Ask until every check passes or patience ends; what changed from one asking to the next is handed to `keep`.

    Returns pass, fail or unknown (some check could not be read, and none that could be read failed).
    """
    began = asyncio.get_running_loop().time()
    last: list[Seen] = []
    while True:
        seen = await read_all(links, target, "check", wanted)
        changed = [new for i, new in enumerate(seen) if not last or _differs(last[i], new)]
        if changed:
            await keep(changed)
        last = seen
        word = overall(seen)
        hope = any(
            checks.settles(check) for check, s in zip(wanted, seen, strict=True) if s.verdict != "pass"
        )
        waited = asyncio.get_running_loop().time() - began
        if word == "pass" or waited >= (patience.total if hope else min(patience.still, patience.total)):
            return word
        await asyncio.sleep(patience.interval)


def overall(seen: Sequence[Seen]) -> str:
    """pass if all pass; fail if any fails; otherwise unknown."""
    words = {s.verdict for s in seen}
    if "fail" in words:
        return "fail"
    return "unknown" if "unknown" in words else "pass"


def _differs(before: Seen, after: Seen) -> bool:
    return (before.facts, before.verdict, before.problem) != (after.facts, after.verdict, after.problem)
