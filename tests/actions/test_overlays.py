"""Overlays: stored version by version, one a cluster, in the plan and in what an approval covers; retired, brought back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.actions import overlays, sessions
from app.domain.errors import Forbidden, Invalid, Refused
from app.models import OverlayVersion
from app.models.overlays import current_overlay, versions_of
from tests.support.world import WINDOW, WISH, World

TEXT = """\
schema: 1
name: 自社
clusters: [tokyo-batch]
steps: {"3.3.1-3": {minutes: 25}}
"""


async def laid(world: World, text: str = TEXT, by: str | None = "sato") -> OverlayVersion:
    """The overlay imported."""
    return await world.do(by, overlays.import_overlay, text.encode(), "o.yaml")


async def minutes(world: World) -> list[int]:
    """The estimates in the session's plan."""
    return [step.minutes for step in (await world.session()).plan.steps if step.minutes]


async def test_import_adds_a_version_each_time_the_bytes_differ(world: World) -> None:
    first, again = await laid(world), await laid(world, by="kanri")
    assert (first.id, first.number, first.sha256) == (again.id, 1, again.sha256)
    second = await laid(world, TEXT.replace("25", "30"), by=None)
    assert (second.overlay_id, second.number, second.imported_by) == (first.overlay_id, 2, None)
    async with world.database.reading() as db:
        stored = await versions_of(db, first.overlay_id)
        assert [version.document for version in stored] == [TEXT.replace("25", "30").encode(), TEXT.encode()]
    told = [event.action for event in await world.events() if event.action.startswith("overlay.")]
    assert told == ["overlay.imported"] * 2
    await world.require_sound()


async def test_the_database_refuses_to_change_a_version(world: World) -> None:
    version = await laid(world)
    for change in (
        sa.update(OverlayVersion).where(OverlayVersion.id == version.id).values(number=9),
        sa.delete(OverlayVersion).where(OverlayVersion.id == version.id),
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with world.database.transaction() as db:
                await db.execute(change)


async def test_a_session_is_planned_with_the_overlay_of_its_cluster(world: World) -> None:
    await laid(world, TEXT.replace("[tokyo-batch]", "all").replace("自社", "共通").replace("25", "7"))
    await world.draft()
    assert await minutes(world) == [7]
    await laid(world)
    await world.draft()
    assert await minutes(world) == [25]
    await laid(world, TEXT.replace("自社", "共通").replace("[tokyo-batch]", "all").replace("25", "8"))
    await world.draft()
    assert await minutes(world) == [25]


async def test_the_planned_times_follow_the_estimates(world: World) -> None:
    await laid(world)
    await world.running()
    run = next(run for run in await world.runs() if run.key == "3.3.1-3@node-b")
    assert (run.planned_end or 0) - (run.planned_start or 0) == 25 * 60 * 1_000_000


async def test_a_draft_is_planned_anew_before_it_is_submitted_with_another_overlay(world: World) -> None:
    await world.draft()
    await laid(world)
    with pytest.raises(Refused, match="plan_outdated"):
        await world.do("sato", sessions.submit_session, world.session_id)
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "", *WINDOW)
    await world.do("sato", sessions.submit_session, world.session_id)
    assert await minutes(world) == [25]


@pytest.mark.parametrize("change", ["import", "retire"])
async def test_an_approval_covers_the_overlay(world: World, change: str) -> None:
    version = await laid(world)
    await world.approved()
    if change == "import":
        await laid(world, TEXT + "# 一言\n")
    else:
        await world.do("sato", overlays.retire_overlay, version.overlay_id)
    with pytest.raises(Refused, match="approval_drifted"):
        await world.do("sato", sessions.start_session, world.session_id)


async def test_retire_takes_it_from_new_plans_and_an_import_brings_it_back(world: World) -> None:
    version = await laid(world)
    await world.do("kanri", overlays.retire_overlay, version.overlay_id)
    async with world.database.reading() as db:
        assert await current_overlay(db, "tokyo-batch") is None
    with pytest.raises(Refused, match="overlay_retired"):
        await world.do("kanri", overlays.retire_overlay, version.overlay_id)
    assert (await laid(world)).number == 2
    async with world.database.reading() as db:
        assert await current_overlay(db, "tokyo-batch") is not None
    assert [event.action for event in await world.events()][-2:] == ["overlay.retired", "overlay.imported"]


REFUSED = [
    ("a second overlay of one cluster", TEXT.replace("自社", "別"), Refused, "overlay_exists"),
    ("a cluster that is not there", TEXT.replace("tokyo-batch", "osaka"), Invalid, "overlay_no_such_cluster"),
    ("a node that is not there", TEXT.replace("3.3.1-3", "3.3.1-3@node-z"), Invalid, "overlay.no_such_spot"),
    ("a step that is not there", TEXT.replace("3.3.1-3", "3.3.1-30"), Invalid, "overlay.invalid"),
]


@pytest.mark.parametrize(
    ("text", "kind", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_what_does_not_fit_is_not_stored(
    world: World, text: str, kind: type[Exception], code: str
) -> None:
    await laid(world)
    with pytest.raises(kind, match=code):
        await laid(world, text)
    assert await world.count(OverlayVersion) == 1


@pytest.mark.parametrize("name", ["takahashi", "tanaka"])
async def test_only_who_edits_clusters_imports_and_retires(world: World, name: str) -> None:
    with pytest.raises(Forbidden):
        await laid(world, by=name)
    version = await laid(world)
    with pytest.raises(Forbidden):
        await world.do(name, overlays.retire_overlay, version.overlay_id)
