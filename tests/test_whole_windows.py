"""The procedures of chapters 1 and 2 from draft to completion on a lab's Windows nodes, through the actions and the real engine:
commands over PowerShell remoting, hand-offs by the lab's overlay, what only a window does by the lab's acts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.actions.plans import Wish
from app.lab import status
from app.models import MaintenanceSession
from app.models.audit import verify_chain
from app.models.steps import step_runs
from tests.support.crew import Crew
from tests.support.windows_hands import Hands

# procedure, platform, installed, operation, target, and what is special
CASES: list[tuple[str, str, str, str, str, dict[str, Any]]] = [
    ("1.3", "wsfc", "R16.3", "patch", "R16.3.1", {}),
    ("2.3", "windows", "R16.3", "patch", "R16.3.1", {}),
]
WISHED = ("method", "install")


@pytest.mark.parametrize(
    ("number", "platform", "version", "operation", "to", "more"),
    CASES,
    ids=[f"{case[0]} {case[2]} {case[4]} {' '.join(map(str, case[5].values()))}" for case in CASES],
)
@pytest.mark.timeout(400)
async def test_windows_nodes_are_brought_to_the_target_from_draft_to_completion(
    tmp_path: Path, number: str, platform: str, version: str, operation: str, to: str, more: Mapping[str, Any]
) -> None:
    asked = {"platform": platform, "version": version, **{k: v for k, v in more.items() if k not in WISHED}}
    wish = Wish.model_validate(
        {"operation": operation, "target": to, **{k: v for k, v in more.items() if k in WISHED}}
    )
    async with Crew.aboard(tmp_path, asked) as crew:
        session_id = await crew.approved(wish)
        await crew.start(session_id)
        await crew.carry_out(session_id, 300, Hands(crew.built))
        async with crew.console.database.reading() as db:
            session = await db.get_one(MaintenanceSession, session_id)
            assert session.plan.procedure == number
            assert session.state == "completed"
            assert str(session.cluster.cluster.version) == to
            runs = await step_runs(db, session_id)
            assert {run.state for run in runs} <= {"succeeded", "skipped"}
            assert await verify_chain(db, crew.console.head.heads()) == []
        lab = await asyncio.to_thread(status, crew.lab)
        assert {node.packages for node in lab.nodes} == {(f"JobCenter {to}",)}
