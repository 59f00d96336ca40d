"""What a machine step costs beside the bare command: same node, same moment, in turns."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from time import perf_counter

import pytest

from tests.bench.figures import show
from tests.bench.sessions import attempt_of, begin, ended, node_of
from tests.engine.rig import command, words
from tests.support.crew import Crew

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
ROUNDS, PAIRS = 6, 9


async def test_a_machine_step_beside_the_bare_command(tmp_path: Path) -> None:
    """A step is: rows, connection asked, guard, command, output and digests compared, spool removed, outcome, next step."""
    check = words("echo up", present=["up"])
    took: dict[str, list[float]] = {"plain": [], "checked": [], "bare": []}
    async with Crew.aboard(tmp_path) as crew, node_of(crew).connect("node-a") as ssh:
        for turn in range(ROUNDS):
            steps = [command(f"{turn}-first", "true")]
            for n in range(PAIRS):
                steps += [command(f"{turn}-{n}", "true"), command(f"{turn}-{n}c", "true", checks=(check,))]
            session_id = await begin(crew, steps)
            runs = await ended(crew, session_id)
            for before, run in pairwise(runs):
                assert before.ended_at is not None
                assert run.ended_at is not None
                kind = "checked" if run.key.endswith("c") else "plain"
                took[kind].append((run.ended_at - before.ended_at) / 1e6)
            last = await attempt_of(crew, session_id, len(runs) - 1)
            assert last is not None
            assert (last.state, last.exit_status) == ("succeeded", 0)
            for _ in range(2 * PAIRS):
                began = perf_counter()
                assert (await ssh.run("true")).exit_status == 0
                took["bare"].append(perf_counter() - began)
    show("bare asyncssh: `true` on an open connection", took["bare"])
    show("machine step: `true`, no check", took["plain"])
    show("machine step: `true`, one check", took["checked"])
