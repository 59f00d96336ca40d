"""Both procedures from draft to completion on the lab's cluster, through the actions and the real engine (no pages)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.domain.lifecycle import Awaiting
from app.lab import status
from app.models import MaintenanceSession
from app.models.audit import verify_chain
from app.models.steps import outages_of_session, step_runs
from tests.support.crew import Crew


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest) -> str:
    """The database of the test; empty for SQLite in the home folder."""
    return str(request.getfixturevalue("postgres_url")) if kind == "postgres" else ""


@pytest.mark.parametrize(
    ("method", "steps", "kind"),
    [
        ("rolling", 32, "sqlite"),
        pytest.param("standard", 29, "sqlite", marks=pytest.mark.long),
        pytest.param("rolling", 32, "postgres", marks=[pytest.mark.postgres, pytest.mark.long]),
    ],
)
async def test_the_lab_cluster_is_patched_from_draft_to_completion(
    tmp_path: Path, method: str, steps: int, url: str
) -> None:
    async with Crew.aboard(tmp_path, database_url=url) as crew:
        session_id = await crew.approved_session(method)
        await crew.start(session_id)
        seen = await crew.carry_out(session_id)
        async with crew.console.database.reading() as db:
            runs = await step_runs(db, session_id)
            session = await db.get_one(MaintenanceSession, session_id)
            outages = await outages_of_session(db, session_id)
            assert await verify_chain(db, crew.console.head.heads()) == []
        assert session.state == "completed"
        assert str(session.cluster.cluster.version) == "R16.3.1"
        assert [run.state for run in runs] == ["succeeded"] * steps
        assert {Awaiting.EXECUTE, Awaiting.TICK, Awaiting.CHECKER} <= seen
        lab = await asyncio.to_thread(status, crew.lab)
        assert all("NECJCpt-16.3.1" in node.packages for node in lab.nodes)
        assert [(r.id, r.node, r.managed) for r in lab.resources if r.id == "jc_site"] == [
            ("jc_site", "node-a", True)
        ]
        assert len(outages) == (2 if method == "rolling" else 1)
        assert all(o.first_up is not None and o.first_up > o.last_up for o in outages)
